import pytest
import torch

import xent
from xent.linter import Severity


def found(weight, eps, **settings):
    logits = torch.zeros(4, len(weight))
    target = torch.zeros(4, dtype=torch.long)
    return xent.lint(logits, target, weight=torch.tensor(weight), label_smoothing=eps, select=["XE302"], **settings)


def test_the_optimum_by_hand():
    (finding,) = found([1.0, 100.0], 0.1)
    # weight * t' = (1 * .95, 100 * .05) = (.95, 5), in sum 5.95
    assert finding.numbers == pytest.approx({"label": 0, "best": 0.95 / 5.95, "target": 0.95, "rival": 5 / 5.95})
    assert finding.severity is Severity.WARNING


def test_the_optimum_is_where_the_gradient_is_zero():
    weight = torch.tensor([1.0, 4.0, 20.0], dtype=torch.float64)
    (finding,) = xent.lint(torch.zeros(1, 3), torch.tensor([0]), weight=weight, label_smoothing=0.3, select=["XE302"])
    smoothed = torch.tensor([0.8, 0.1, 0.1], dtype=torch.float64)
    best = weight * smoothed / (weight * smoothed).sum()
    logits = best.log()[None].requires_grad_()
    xent.cross_entropy(logits, torch.tensor([0]), weight=weight, label_smoothing=0.3).backward()
    assert logits.grad.abs().max() < 1e-12
    assert finding.numbers["best"] == pytest.approx(float(best[0]))
    assert finding.numbers["rival"] == pytest.approx(float(best[2]))


def test_moved_but_still_on_top_is_information():
    (finding,) = found([1.0, 10.0], 0.1)  # .95 / (.95 + .5) = .655
    assert finding.severity is Severity.INFO
    assert finding.numbers["best"] == pytest.approx(0.95 / 1.45)


def test_near_misses():
    assert not found([1.0, 3.0], 0.1)  # .95 / 1.1 = .864, .086 below the target
    assert not found([1.0, 100.0], 0.0)
    assert not found([1.0, 100.0], 0.1, smoothing_prior=torch.tensor([1.0, 0.0]))
