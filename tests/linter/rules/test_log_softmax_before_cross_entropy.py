import pytest
import torch

import xent

CODE = "XE104"
LOGITS = torch.tensor([[1.0, 2.0, 0.5], [0.0, 0.0, 3.0], [-1.0, 4.0, 2.0], [0.1, 0.2, 0.3]])
TARGET = torch.tensor([0, 1, 2, 0])


def found(logits, target=TARGET, **settings):
    findings = xent.lint(logits, target, select=[CODE], **settings)
    return findings[0] if findings else None


def test_of_the_graph():
    finding = found(LOGITS.clone().requires_grad_().log_softmax(1)[:1], TARGET[:1])
    assert finding.numbers["rows"] == 1
    assert finding.severity.value == "info"


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_of_the_values(dtype):
    finding = found(LOGITS.double().log_softmax(1).to(dtype))
    assert finding.numbers["rows"] == 4
    assert finding.numbers["log_sum"] < {torch.float64: 1e-12, torch.float32: 1e-6}.get(dtype, 0.02)


def test_three_rows_are_too_few_to_say():
    assert found(LOGITS.log_softmax(1)[:3], TARGET[:3]) is None


def test_one_row_of_logits_among_them():
    rows = LOGITS.log_softmax(1)
    rows[2] -= 0.1  # its exponentials sum to exp(-0.1) = .905
    assert found(rows) is None


def test_logits():
    assert found(LOGITS) is None
    assert found(torch.zeros(64, 1), torch.zeros(64, dtype=torch.long)) is None  # one class: its log-softmax is 0


def test_a_softcap_changes_them():
    transform = xent.LogitTransform(softcap=2.0)
    assert found(LOGITS.log_softmax(1), loss=xent.nn.CrossEntropyLoss(logits=transform)) is None
