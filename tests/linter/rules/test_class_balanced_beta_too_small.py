import pytest
import torch

import xent


def found(loss, counts):
    logits, target = torch.zeros(4, len(counts)), torch.arange(4) % len(counts)
    return xent.lint(logits, target, loss=loss, counts=counts, select=["XE310"])


def test_the_weights_by_hand():
    counts = [1, 10]
    (finding,) = found(xent.ClassBalancedLoss([100, 1000], beta=0.95), [100, 1000])
    # (1 - .95^1000) / (1 - .95^100)
    assert finding.numbers == pytest.approx({"weights": 1 / (1 - 0.95**100), "counts": 10.0}, rel=1e-6)
    assert "(beta = 0.95)" in finding.seen
    assert not found(xent.ClassBalancedLoss(counts, beta=0.95), counts)


def test_near_misses():
    assert not found(xent.ClassBalancedLoss([100, 1000], beta=0.999), [100, 1000])
    assert not found(xent.ClassBalancedLoss([500, 1000], beta=0.5), [500, 1000])
    assert not found(torch.nn.CrossEntropyLoss(torch.ones(2)), [100, 1000])
    assert not found("cross_entropy", [100, 1000])
