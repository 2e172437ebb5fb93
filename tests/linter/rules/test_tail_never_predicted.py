import pytest
import torch

import xent


def case(lost_logit, *, rows=50, classes=10, lost=3):
    generator = torch.Generator().manual_seed(0)
    target = torch.arange(rows * classes) % classes
    logits = 6.0 * torch.nn.functional.one_hot(target, classes) + torch.randn(len(target), classes, generator=generator)
    logits[:, -lost:] = lost_logit
    return logits, target


def found(logits, target):
    return xent.lint(logits, target, loss=None, select=["XE705"])


def test_counts_the_classes():
    (finding,) = found(*case(-10.0))
    assert finding.numbers["lost"] == 3
    assert finding.numbers["classes"] == 10
    others = case(-10.0)[0].argmax(1) == case(-10.0)[1]
    assert finding.numbers["recall"] == pytest.approx(float(others.double().sum()) / 350)
    assert "are predicted in 0 of their 150 rows (class 7 for one)" in finding.seen


def test_near_misses():
    assert not found(*case(-10.0, rows=20))  # few rows a class
    assert not found(*case(-10.0, lost=1))
    assert not found(*case(1.0))  # not predicted, but with a share of the probability
    logits, target = case(-10.0)
    assert not found(logits.roll(1, 0), target)  # the others do no better
