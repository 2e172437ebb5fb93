import pytest
import torch

import xent

TARGET = torch.repeat_interleave(torch.arange(3), torch.tensor([60, 30, 10]))
BY_HEART = 9.0 * torch.nn.functional.one_hot(TARGET, 3).double()


def found(logits, counts):
    return xent.lint(logits, TARGET, loss=None, counts=counts, select=["XE709"])


def test_the_same_counts_and_no_loss():
    (finding,) = found(BY_HEART, [60, 30, 10])
    loss = float(torch.log1p(2 * torch.exp(torch.tensor(-9.0))))
    assert finding.numbers == pytest.approx({"rows": 100.0, "accuracy": 1.0, "cross_entropy": loss}, rel=1e-5)


def test_near_misses():
    assert not found(BY_HEART, [60, 30, 11])
    assert not found(BY_HEART, None)
    assert not found(BY_HEART / 3, [60, 30, 10])
    target = torch.arange(90) % 3
    logits = 9.0 * torch.nn.functional.one_hot(target, 3)
    assert not xent.lint(logits.double(), target, loss=None, counts=[30, 30, 30], select=["XE709"])
