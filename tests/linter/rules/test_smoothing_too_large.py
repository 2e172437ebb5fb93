import pytest
import torch

import xent
from xent.linter import Severity


def found(eps, classes=10, loss="cross_entropy"):
    target = torch.zeros(4, classes) if loss == "bce" else torch.zeros(4, dtype=torch.long)
    return xent.lint(torch.zeros(4, classes), target, loss=loss, label_smoothing=eps, select=["XE407"])


def test_the_evidence():
    (finding,) = found(0.9)
    assert finding.numbers == pytest.approx({"label_smoothing": 0.9, "label": 0.19, "other": 0.09})
    assert finding.severity is Severity.WARNING
    assert finding.probable


def test_nothing_is_left():
    (finding,) = found(1.0)
    assert finding.severity is Severity.ERROR
    assert not finding.probable


def test_binary_has_two_sides():
    (finding,) = found(0.6, loss="bce")
    assert finding.numbers == pytest.approx({"label_smoothing": 0.6, "label": 0.7, "other": 0.3})


def test_near_misses():
    for eps in (0.0, 0.1, 0.3, 0.49):
        assert not found(eps)
    assert not found(0.9, classes=1)
