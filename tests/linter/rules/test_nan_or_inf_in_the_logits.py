import math

import pytest
import torch

import xent

CODE = "XE501"
INF = math.inf


def found(logits, target, **settings):
    findings = xent.lint(logits, target, select=[CODE], **settings)
    return findings[0] if findings else None


def test_what_and_where():
    logits = torch.zeros(6, 3)
    logits[2, 1] = math.nan
    logits[3, 0] = INF
    logits[4] = -INF
    logits[5, 2] = -INF
    finding = found(logits, torch.tensor([0, 1, 2, 0, 1, 2]))
    # A row of nothing but -inf has -inf at its label, too.
    expected = {"nan": 1.0, "+inf": 1.0, "-inf everywhere": 1.0, "-inf at the label": 2.0, "first_row": 2.0}
    assert dict(finding.numbers) == expected
    assert "of the 6 rows" in finding.seen


def test_removed_classes_are_as_they_should_be():
    logits = torch.zeros(4, 3)
    logits[:, 2] = -INF
    assert found(logits, torch.tensor([0, 1, 0, 1])) is None
    assert found(logits, torch.tensor([0, 1, 0, 2])).numbers["first_row"] == 3
    assert found(logits, torch.tensor([[1.0, 0, 0], [0.5, 0.5, 0], [0, 1, 0], [0.9, 0, 0.1]])).numbers["first_row"] == 3


@pytest.mark.parametrize("bad", [math.nan, INF])
def test_rows_that_do_not_count(bad):
    logits = torch.zeros(3, 2)
    logits[1] = bad
    target = torch.tensor([0, 1, 1])
    counted = torch.tensor([True, False, True])
    assert found(logits, target) is not None
    assert found(logits, target.masked_fill(~counted, -100)) is None
    assert found(logits, target, mask=counted) is None
    assert found(logits, target, sample_weight=counted.float()) is None


def test_classes_that_take_no_part():
    logits = torch.zeros(3, 4)
    logits[:, 3] = math.nan
    module = xent.nn.CrossEntropyLoss(logits=xent.LogitTransform(valid_classes=3))
    assert found(logits, torch.tensor([0, 1, 2]), loss=module) is None
    assert found(logits, torch.tensor([0, 1, 2])).numbers["nan"] == 3


def test_binary_losses():
    logits, target = torch.tensor([[0.0, math.nan], [1.0, 2.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    assert found(logits, target, loss="bce").numbers["nan"] == 1
    assert found(logits, target, loss="bce", mask=~logits.isnan()) is None
    assert found(torch.zeros(2, 2), target, loss="bce") is None


def test_predictions():
    saved = torch.tensor([[0.5, 0.5], [0.0, 1.0]]).log()
    assert found(saved, torch.tensor([0, 1]), loss=None, kind="log-probabilities") is None
    assert found(saved, torch.tensor([0, 0]), loss=None, kind="log-probabilities").numbers["first_row"] == 1


def test_large_finite_logits():
    assert found(torch.tensor([[65504.0, -65504.0]]).half(), torch.tensor([1])) is None
