import pytest
import torch

import xent
from xent.imbalance import effective_number, inverse_frequency, inverse_sqrt

COUNTS = torch.tensor([1000, 300, 100, 30, 10])


def found(weight, **settings):
    classes = len(weight)
    logits, target = torch.zeros(8, classes), torch.arange(8) % classes
    return xent.lint(logits, target, weight=weight, select=["XE305"], **settings)


def test_slope_and_imbalance_by_hand():
    (finding,) = found(COUNTS / COUNTS.sum(), counts=COUNTS)
    # weight = n / sum: slope 1; n from 10 to 1000 is 100, weight * n = n^2 / sum is 10000
    assert finding.numbers == pytest.approx(
        {"slope": 1.0, "correlation": 1.0, "imbalance": 100.0, "weighted_imbalance": 10000.0}, rel=1e-5
    )
    assert finding.probable


@pytest.mark.parametrize("made", [inverse_frequency, inverse_sqrt, effective_number, torch.ones_like])
def test_weights_that_correct(made):
    assert not found(made(COUNTS.double()), counts=COUNTS)


def test_two_classes_need_weights_made_of_the_counts():
    counts = torch.tensor([900, 100])
    assert found(counts.double(), counts=counts)
    assert not found(torch.tensor([3.0, 1.5]), counts=counts)  # slope log 2 / log 9 = .32: some other reason
    assert not found(torch.tensor([1.5, 3.0]), counts=counts)


def test_without_counts_the_batch_must_be_large():
    labels = torch.repeat_interleave(torch.arange(5), torch.tensor([160, 60, 20, 10, 6]))
    weight = COUNTS.double()
    assert xent.lint(torch.zeros(256, 5), labels, weight=weight, select=["XE305"])
    assert not xent.lint(torch.zeros(8, 5), labels[::32], weight=weight, select=["XE305"])
    assert not xent.lint(torch.zeros(256, 5), labels, weight=1 / weight, select=["XE305"])
