import pytest
import torch

import xent


def found(value, classes=10, eps=0.1, **settings):
    logits, target = torch.zeros(4, classes), torch.arange(4) % classes
    return xent.lint(logits, target, value=value, label_smoothing=eps, select=["XE405"], **settings)


def test_the_evidence():
    (finding,) = found(0.504)
    # -(.91 ln .91 + .09 ln .01) for 10 classes and eps .1
    assert finding.numbers == pytest.approx({"value": 0.504, "floor": 0.5002880, "classes": 10.0}, abs=1e-6)


def test_two_classes():
    (finding,) = found(torch.tensor(0.2), classes=2)
    assert finding.numbers["floor"] == pytest.approx(0.1985152, abs=1e-6)  # -(.95 ln .95 + .05 ln .05)


def test_near_misses():
    assert not found(0.51)
    assert not found(0.49)
    assert not found(float("nan"))
    assert not found(None)
    assert not found(0.5, eps=0.0)
    assert not found(0.5, reduction="sum")
    assert not found(0.5, weight=torch.ones(10))
    assert not xent.lint(
        torch.zeros(4, 10), torch.arange(4), value=0.5, loss=xent.FocalLoss(label_smoothing=0.1), select=["XE405"]
    )
