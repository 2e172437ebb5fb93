import math

import pytest
import torch

import xent

CODE = "XE105"
TARGET = torch.tensor([0, 1])


def found(rows, target=TARGET, **settings):
    findings = xent.lint(rows, target, loss="nll_loss", select=[CODE], **settings)
    return findings[0] if findings else None


def test_probabilities():
    finding = found(torch.tensor([[0.25, 0.75], [0.5, 0.5]]))
    assert "probabilities, not their logarithms" in finding.seen
    # ln(exp(.25) + exp(.75)) = .25 + ln(1 + exp(.5)) = 1.224; of (.5, .5): .5 + ln 2 = 1.193.
    assert finding.numbers["log_sum"] == pytest.approx(0.25 + math.log1p(math.exp(0.5)), abs=1e-6)


def test_raw_logits():
    finding = found(torch.tensor([[0.0, -3.0], [-1.0, 0.0]]))
    assert "raw logits, not log-probabilities: in 1 of 2 rows" in finding.seen
    # ln(1 + exp(-3)) = .0486 is within the slack of .05, ln(1 + exp(-1)) = .313 is not.
    assert finding.numbers["above"] == 1


def test_a_layer_made_them():
    last = torch.nn.Linear(2, 2)
    torch.nn.init.constant_(last.bias, -9.0)
    finding = found(last(torch.zeros(2, 2)))
    assert "AddmmBackward0" in finding.seen


@pytest.mark.parametrize(
    "rows",
    [
        torch.tensor([[1.0, 2.0], [0.0, 3.0]]).log_softmax(1),
        torch.tensor([[1.0, 2.0], [0.0, 3.0]]).log_softmax(1).bfloat16(),
        (torch.tensor([[1.0, 0.0], [0.25, 0.75]]) + 1e-3).log(),  # guarded logarithms
        torch.tensor([[0.0, -math.inf], [-1.0, -2.0]]),  # a class removed, and a mixture's part
    ],
)
def test_log_probabilities(rows):
    assert found(rows) is None


def test_ignored_rows_are_left_aside():
    rows = torch.tensor([[9.0, 9.0], [math.log(0.5), math.log(0.5)]])
    assert found(rows, torch.tensor([-100, 1])) is None
    assert found(rows, torch.tensor([0, -100])) is not None
