import math

import pytest
import torch
import torch.nn.functional as F

import xent

MASKED = torch.tensor([[0.0, 1.0, -math.inf], [0.0, 1.0, 2.0]])
TARGET = torch.tensor([0, 1])


def found(logits=MASKED, target=TARGET, loss=F.cross_entropy, **settings):
    return xent.lint(logits, target, loss=loss, select=["XE401"], **settings)


def test_the_evidence():
    (finding,) = found(label_smoothing=0.3)
    assert finding.numbers == {"rows": 2.0, "masked_rows": 1.0, "masked_classes": 1.0}
    assert "label_smoothing=0.3 asks for 0.1 there" in finding.seen


def test_torch_and_xent():
    assert F.cross_entropy(MASKED, TARGET, label_smoothing=0.3).isinf()
    assert xent.cross_entropy(MASKED, TARGET, label_smoothing=0.3).isfinite()
    assert not found(loss=xent.cross_entropy, label_smoothing=0.3)
    assert not found(loss=xent.CrossEntropyLoss(label_smoothing=0.3))


@pytest.mark.parametrize(
    ("target", "settings"),
    [
        (TARGET, {}),
        (torch.tensor([2, 1]), {"label_smoothing": 0.1}),
        (torch.tensor([-100, 1]), {"label_smoothing": 0.1}),
    ],
    ids=["no smoothing", "the label itself", "an ignored row"],
)
def test_near_misses(target, settings):
    assert not found(target=target, **settings)


def test_nothing_masked():
    assert not found(torch.full((2, 3), -1e30), label_smoothing=0.1)
