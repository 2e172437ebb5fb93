import functools

import pytest
import torch

import xent
from tests.linter.planters.focal_alpha import FocalLoss, sigmoid_focal_loss
from xent.linter import Severity


def found(loss, positives=20, rows=100):
    target = (torch.arange(rows)[:, None] < positives).float().expand(rows, 2)
    return xent.lint(torch.zeros(rows, 2), target, loss=loss, select=["XE309"])


def test_the_paper_s_default():
    (finding,) = found(xent.SigmoidFocalLoss())
    # 200 elements, 20 % positive: (.5 - .2) * 2 * sqrt(200) standard deviations
    assert finding.numbers == pytest.approx({"alpha": 0.25, "positives": 0.2, "deviations": 0.6 * 200**0.5})
    assert "makes a positive count 0.33 times" in finding.seen


def test_functions_of_others():
    assert found(sigmoid_focal_loss)[0].numbers["alpha"] == 0.25
    assert found(functools.partial(sigmoid_focal_loss, alpha=0.1))[0].numbers["alpha"] == 0.1
    assert not found(functools.partial(sigmoid_focal_loss, alpha=0.5))


@pytest.mark.parametrize("alpha", [None, 0.5, 0.75])
def test_an_alpha_that_does_no_harm(alpha):
    assert not found(xent.SigmoidFocalLoss(alpha=alpha))


def test_positives_that_are_not_rare_and_detectors():
    assert not found(xent.SigmoidFocalLoss(), positives=45)
    assert not found(xent.SigmoidFocalLoss(), positives=4, rows=1000)  # as rare as a detector's


def test_one_alpha_for_many_classes_is_information():
    logits, target = torch.zeros(4, 3), torch.tensor([0, 1, 2, 0])
    (finding,) = xent.lint(logits, target, loss=FocalLoss(alpha=0.25), select=["XE309"])
    assert finding.severity is Severity.INFO
    assert not xent.lint(logits, target, loss=FocalLoss(alpha=1.0), select=["XE309"])
    assert not xent.lint(logits, target, loss="focal", select=["XE309"])
