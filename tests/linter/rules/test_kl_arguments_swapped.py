import torch

import xent

CODE = "XE109"
LOGITS = torch.tensor([[1.0, 2.0], [0.0, 3.0]])


def found(input, target):
    findings = xent.lint(input, target, loss="kl_div", reduction="batchmean", select=[CODE])
    return findings[0] if findings else None


def test_the_target_learns():
    model = LOGITS.clone().requires_grad_()
    finding = found(LOGITS.log_softmax(1), model.softmax(1))
    assert dict(finding.numbers) == {"input_requires_grad": 0.0, "target_requires_grad": 1.0}
    assert finding.probable
    assert "SoftmaxBackward0" in finding.seen


def test_the_input_learns_or_both_or_none():
    model = LOGITS.clone().requires_grad_()
    assert found(model.log_softmax(1), LOGITS.softmax(1)) is None
    assert found(model.log_softmax(1), model.softmax(1)) is None
    assert found(LOGITS.log_softmax(1), LOGITS.softmax(1)) is None
