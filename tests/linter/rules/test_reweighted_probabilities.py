import math

import pytest
import torch

import xent
from tests.linter.rules.test_prior_still_inside import balanced_rows


def found(predictions, target, **settings):
    return xent.lint(predictions, target, loss=None, select=["XE704"], **settings)


def questions(shift):
    """Logits of two questions with one positive in ten, right but for a shift of the first."""
    generator = torch.Generator().manual_seed(0)
    target = (torch.rand(4000, 2, generator=generator) < 0.1).float()
    features = 3.0 * target + torch.randn(4000, 2, generator=generator)
    # the exact posterior: 3 x - 3^2 / 2, and log odds of 1/9
    logits = 3.0 * features - 4.5 + math.log(1 / 9)
    return logits + torch.tensor([shift, 0.0]), target


def test_of_independent_classes():
    logits, target = questions(4.0)
    (finding,) = found(logits, target)
    assert finding.numbers["classes"] == 1
    assert finding.numbers["mean"] == pytest.approx(float(logits[:, 0].sigmoid().mean()))
    assert finding.numbers["share"] == pytest.approx(float(target[:, 0].mean()))
    assert found(logits.sigmoid(), target, kind="probabilities")
    assert not found(xent.imbalance.undo_pos_weight(logits, torch.tensor([math.exp(4.0), 1.0])), target)


def test_independent_classes_that_are_right_or_unlearned():
    logits, target = questions(0.0)
    assert not found(logits, target)
    assert not found(logits[:, [1]], target[:, [1]])
    assert not found(0.01 * logits, target)  # positives too often, for want of training: a slope, and no shift
    assert not found(torch.zeros(4000, 2) + 0.01 * torch.randn(4000, 2), target)


def test_of_one_label():
    logits, labels = balanced_rows(0.0)
    rows = torch.cat([(labels == k).nonzero().flatten()[:n] for k, n in enumerate((300, 60, 20))])
    probabilities = logits[rows].softmax(1)
    (finding,) = found(probabilities, labels[rows], kind="probabilities")
    assert finding.numbers["share"] == pytest.approx(80 / 380)  # the rarer classes together
    assert finding.numbers["mean"] == pytest.approx(float(probabilities[:, 1:].sum(1).mean()), rel=1e-5)
    assert not found(logits[rows], labels[rows], kind="logits")
    shares = torch.log(torch.tensor([300.0, 60.0, 20.0]))
    assert not found((logits[rows] + shares).softmax(1), labels[rows], kind="probabilities")
