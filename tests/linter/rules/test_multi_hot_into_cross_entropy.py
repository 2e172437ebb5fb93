import torch

import xent
from xent.linter import Severity


def found(target, **settings):
    return xent.lint(torch.zeros_like(target), target, select=["XE207"], **settings)


def test_the_evidence():
    (finding,) = found(torch.tensor([[1.0, 1.0, 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]))
    assert finding.numbers == {"lowest_sum": 0.0, "highest_sum": 3.0, "rows": 3.0, "several": 1.0}
    assert finding.severity is Severity.ERROR


def test_other_numbers_are_a_warning():
    (finding,) = found(torch.tensor([[0.5, 0.5, 0.25], [0.25, 0.25, 0.5]]))
    assert finding.numbers == {"lowest_sum": 1.0, "highest_sum": 1.25, "rows": 2.0}
    assert finding.severity is Severity.WARNING
    assert finding.probable


def test_near_misses():
    one_hot = torch.eye(4)
    assert not found(one_hot)
    assert not found(0.9 * one_hot + 0.025)
    assert not found(torch.randn(50, 100).softmax(1).half())
    assert not found(torch.randn(50, 100).softmax(1).bfloat16())
    assert not found(one_hot * torch.tensor([[1.0], [0.0], [1.0], [1.0]]))  # XE208
    assert not found(torch.full((4, 1), 0.5))  # XE211
    assert not found(torch.randn(4, 3), loss="distillation")
    several = torch.tensor([[1.0, 1.0], [0.0, 1.0]])
    assert not found(several, mask=torch.tensor([False, True]))
    assert not found(several, loss="bce")
