import torch

import xent
from xent.linter import Severity


def found(weight, **settings):
    return xent.lint(torch.zeros(2, 3), torch.tensor([0, 2]), weight=torch.tensor(weight), select=["XE312"], **settings)


def test_negative_weights_are_errors():
    (finding,) = found([1.0, -0.5, -2.0])
    assert finding.severity is Severity.ERROR
    assert finding.numbers == {"negative": 2.0, "lowest": -2.0}


def test_zero_weights_are_information():
    (finding,) = found([1.0, 0.0, 2.0])
    assert finding.severity is Severity.INFO
    assert finding.numbers == {"zeros": 1.0, "first": 1.0}


def test_removed_classes_may_have_weight_zero():
    transform = xent.LogitTransform(valid_classes=torch.tensor([True, False, True]))
    assert not found([1.0, 0.0, 2.0], transform=transform)
    assert not found([1.0, 1e-6, 2.0])


def test_elements_of_weight_zero_are_a_mask():
    assert not xent.lint(
        torch.zeros(2, 3), torch.zeros(2, 3), loss="binary_cross_entropy", weight=torch.zeros(2, 3), select=["XE312"]
    )
