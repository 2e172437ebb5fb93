import math

import pytest
import torch
import torch.nn.functional as F

import xent

CODE = "XE502"


def found(rows, loss=F.cross_entropy, dtype=torch.float16, **settings):
    target = torch.zeros(rows, dtype=torch.long)
    findings = xent.lint(torch.zeros(rows, 2, dtype=dtype), target, loss=loss, select=[CODE], **settings)
    return findings[0] if findings else None


@pytest.mark.parametrize("loss", [F.cross_entropy, torch.nn.CrossEntropyLoss()])
def test_65520_rows_are_too_many_to_count(loss):
    finding = found(65520, loss)
    # The losses are ln 2 each; their sum, 45415, is below 65504, but their number is not: 45415 / inf = 0.
    assert finding.numbers["rows"] == 65520
    assert finding.numbers["expected"] == pytest.approx(math.log(2), rel=1e-3)
    assert finding.numbers["value"] == 0
    assert "every gradient is 0" in finding.seen
    logits = torch.zeros(65520, 2, dtype=torch.float16, requires_grad=True)
    F.cross_entropy(logits, torch.zeros(65520, dtype=torch.long)).backward()
    assert not logits.grad.any()


def test_fewer_rows():
    assert found(65519) is None


def test_a_sum_above_65504():
    # 100000 ln 2 = 69315; 90000 ln 2 = 62383.
    finding = found(100_000, reduction="sum")
    assert finding.numbers["value"] == math.inf
    assert finding.numbers["expected"] == pytest.approx(100_000 * math.log(2), rel=1e-3)
    assert found(90_000, reduction="sum") is None


def test_losses_that_add_up_elsewhere():
    assert found(65520, "cross_entropy") is None
    assert found(65520, xent.nn.CrossEntropyLoss()) is None
    assert found(65520, dtype=torch.bfloat16) is None
    assert found(65520, dtype=torch.float32) is None


def test_a_reported_value_decides():
    assert found(65520, value=math.log(2)) is None
    assert not found(65520, value=0.0).probable
    assert found(65520).probable
