import math

import pytest
import torch

import xent


def found(target, pos_weight, **settings):
    return xent.lint(
        torch.zeros(target.shape),
        target,
        loss="binary_cross_entropy_with_logits",
        pos_weight=pos_weight,
        select=["XE306"],
        **settings,
    )


def indicators(rows, positives):
    return (torch.arange(rows)[:, None] < torch.tensor(positives)).float()


def test_the_likelihood_ratio_by_hand():
    (finding,) = found(indicators(100, [20]), torch.tensor([0.25], dtype=torch.float64))
    # odds 20/80 = 1/4 = the weight: distance 0; from the inverse 2 log 4, at the certainty 20*80/100 = 16
    ratio = 16 * (2 * math.log(4)) ** 2 / 2
    assert finding.numbers == pytest.approx({"log_likelihood_ratio": ratio, "distance": 0.0, "classes": 1.0})
    assert "it is 0.25 for a class with 20 positives and 80 negatives" in finding.seen


def test_with_counts_the_batch_need_not_be_large():
    counts = torch.tensor([400, 200, 100, 50])
    target = indicators(8, [3, 2, 1, 0])
    assert found(target, counts / (1000 - counts), counts=counts)
    assert not found(target, (1000 - counts) / counts, counts=counts)
    assert not found(target, counts / (1000 - counts))


@pytest.mark.parametrize("weight", [4.0, 1.0, 0.9, 0.02])
def test_weights_that_are_not_the_odds(weight):
    assert not found(indicators(100, [20]), torch.tensor([weight]))


def test_the_alpha_of_a_focal_loss_is_no_pos_weight():
    target = indicators(100, [25])
    assert not xent.lint(torch.zeros(100, 1), target, loss=xent.SigmoidFocalLoss(alpha=0.25), select=["XE306"])


def test_elements_that_are_masked_are_not_counted():
    target, mask = indicators(100, [20]), torch.zeros(100, 1, dtype=torch.bool)
    assert not found(target, torch.tensor([0.25]), mask=mask)
