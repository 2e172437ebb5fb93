import torch

import xent

CODE = "XE110"


def found(probabilities, target, **settings):
    findings = xent.lint(probabilities, target, loss="binary_cross_entropy", select=[CODE], **settings)
    return findings[0] if findings else None


def test_on_the_wrong_side():
    probabilities = torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.5, 1.0]])
    target = torch.tensor([[1.0, 0.0, 0.0], [1.0, 1.0, 0.5]])
    finding = found(probabilities, target)
    # 0 against 1, 1 against 0, and 1 against a half.
    assert dict(finding.numbers) == {"clamped": 3.0, "elements": 6.0}
    losses = torch.nn.functional.binary_cross_entropy(probabilities, target, reduction="none")
    assert losses.flatten().tolist().count(100.0) == 2
    assert losses[1, 2] == 50


def test_sure_and_right():
    probabilities = torch.tensor([0.0, 1.0, 1e-30, 1 - 2**-24])
    assert found(probabilities, torch.tensor([0.0, 1.0, 1.0, 0.0])) is None


def test_what_is_masked_does_not_count():
    probabilities, target = torch.tensor([[0.0, 0.5]]), torch.tensor([[1.0, 1.0]])
    assert found(probabilities, target, mask=torch.tensor([[False, True]])) is None
    assert found(probabilities, target, mask=torch.tensor([[True, False]])).numbers["elements"] == 1
