import math

import pytest
import torch

import xent


def case(sure, classes=5):
    target = torch.arange(200) % classes
    noise = torch.randn(200, classes, generator=torch.Generator().manual_seed(0))
    return sure * torch.nn.functional.one_hot(target, classes) + noise, target


def found(predictions, target, **settings):
    return xent.lint(predictions, target, loss=None, select=["XE706"], **settings)


def test_the_largest_ratio_is_e():
    logits, target = case(12.0)
    (finding,) = found(logits.softmax(1).softmax(1), target)
    assert finding.numbers["spread"] == pytest.approx(1.0, abs=1e-4)
    assert finding.numbers["accuracy"] == 1.0
    assert f"{math.e:.3f} times the smallest" in finding.seen
    assert found(logits.softmax(1).log_softmax(1), target, kind="log-probabilities")


def test_near_misses():
    logits, target = case(12.0)
    assert not found(logits.softmax(1), target)
    assert not found((0.5 * logits / logits.abs().max()).softmax(1), target)  # timid, and learned
    unlearned, target = case(0.0)
    assert not found((8 * unlearned).softmax(1).softmax(1), target)
