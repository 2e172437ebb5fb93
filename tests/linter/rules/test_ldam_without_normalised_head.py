import torch

import xent
from tests.linter.planters.ldam_without_normalised_head import LDAMLoss

COUNTS = torch.tensor([100, 10, 1])
TARGET = torch.tensor([0, 1, 2, 0])


def found(logits, loss=None):
    return xent.lint(logits, TARGET, loss=xent.LDAMLoss(COUNTS) if loss is None else loss, select=["XE404"])


def test_the_evidence():
    (finding,) = found(torch.tensor([[0.5, -2.0, 0.0]] * 4))
    assert finding.numbers == {"lowest": -2.0, "highest": 0.5}
    assert not finding.probable


def test_a_bias():
    (finding,) = found(torch.nn.Linear(5, 3)(torch.zeros(4, 5)))
    assert "a bias" in finding.seen


def test_of_somebody_else():
    (finding,) = found(torch.full((4, 3), 3.0), LDAMLoss(COUNTS.double()))
    assert finding.probable


def test_near_misses():
    assert not found(xent.NormalizedLinear(5, 3)(torch.randn(4, 5)))
    assert not found(0.1 * torch.ones(4, 3))
    assert not found(torch.ones(4, 3, dtype=torch.bfloat16) * 1.008)
    assert not found(torch.nn.Linear(5, 3)(torch.zeros(4, 5)), LDAMLoss(COUNTS.double()))
    assert not found(torch.full((4, 3), 3.0), torch.nn.CrossEntropyLoss())
    assert not found(torch.full((4, 3), 3.0), xent.VectorScalingLoss(COUNTS))
