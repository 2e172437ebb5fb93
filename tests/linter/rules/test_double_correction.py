import pytest
import torch

import xent
from xent.imbalance import inverse_frequency

COUNTS = torch.tensor([1000, 300, 100, 30, 10])
BALANCED = torch.arange(200) % 5
AS_COUNTED = torch.repeat_interleave(torch.arange(5), torch.tensor([139, 42, 14, 4, 1]))


def found(loss, target, counts=COUNTS):
    return xent.lint(torch.zeros(200, 5), target, loss=loss, counts=counts, select=["XE311"])


def test_weights_and_offset_by_their_powers():
    loss = xent.BalancedSoftmaxLoss(COUNTS, weight=inverse_frequency(COUNTS, 0.5))
    (finding,) = found(loss, AS_COUNTED)
    assert finding.numbers == pytest.approx({"weight": 0.5, "offset": 1.0}, abs=1e-5)


def test_a_balanced_batch_and_weights():
    (finding,) = found(xent.InverseFrequencyLoss(COUNTS), BALANCED)
    # classes 0 and 1 have more than the mean count 288: 1300 of 1440 rows, 2 of 5 classes
    assert finding.numbers == pytest.approx(
        {"weight": 1.0, "offset": 0.0, "share": 0.4, "share_by_counts": 1300 / 1440}, abs=1e-5
    )


@pytest.mark.parametrize(
    "loss", [xent.InverseFrequencyLoss(COUNTS), xent.BalancedSoftmaxLoss(COUNTS), xent.LogitAdjustedLoss(COUNTS, 2.0)]
)
def test_one_correction(loss):
    assert not found(loss, AS_COUNTED)


def test_a_balanced_batch_alone():
    assert not found("cross_entropy", BALANCED)
    assert not found(xent.LDAMLoss(COUNTS), BALANCED)


def test_a_small_batch_proves_nothing():
    target = torch.tensor([0, 1, 2, 3, 4])
    assert not xent.lint(
        torch.zeros(5, 5), target, loss=xent.BalancedSoftmaxLoss(COUNTS), counts=COUNTS, select=["XE311"]
    )


def test_halves_that_make_one():
    loss = xent.BalancedSoftmaxLoss(COUNTS, weight=inverse_frequency(COUNTS, 0.0))
    assert not found(loss, AS_COUNTED)


def test_counts_of_classes_that_are_not_the_last_axis():
    target = (torch.rand(64, 3, 5, 3, generator=torch.Generator().manual_seed(0)) < 0.1).float()
    target[:, 0] = 1 - target[:, 0]
    counts = target.sum((0, 2, 3)) * 10
    weight = (counts.sum() / counts).view(-1, 1, 1)
    loss = "binary_cross_entropy_with_logits"
    assert not xent.lint(
        torch.zeros(64, 3, 5, 3), target, loss=loss, pos_weight=weight, counts=counts, select=["XE311"]
    )
