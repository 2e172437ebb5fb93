import torch

import xent


def found(**settings):
    return xent.lint(torch.zeros(2, 3), torch.tensor([0, 2]), select=["XE303"], **settings)


def test_says_which_class_and_that_its_count_is_zero():
    counts = torch.tensor([4.0, 0.0, 2.0])
    (finding,) = found(weight=1 / counts, counts=counts)
    assert finding.numbers == {"nonfinite": 1.0, "first": 1.0}
    assert finding.seen == (
        "1 of 3 numbers in `weight` are inf or nan, the first for class 1, and the training counts of these classes "
        "are 0"
    )
    assert "counts" not in found(weight=1 / counts)[0].seen


def test_pos_weight():
    target, pos_weight = torch.zeros(2, 3), torch.tensor([1.0, torch.nan, torch.inf])
    (finding,) = xent.lint(
        torch.zeros(2, 3), target, loss="binary_cross_entropy_with_logits", pos_weight=pos_weight, select=["XE303"]
    )
    assert finding.numbers == {"nonfinite": 2.0, "first": 1.0}


def test_large_weights_are_finite():
    assert not found(weight=torch.tensor([1e-30, 1e30, 0.0]))
    assert not found()
