import math

import pytest
import torch

import xent

CODE = "XE503"
LOGITS = torch.zeros(8, 4)
TARGET = torch.arange(8) % 4


def found(value, logits=LOGITS, target=TARGET, **settings):
    findings = xent.lint(logits, target, value=value, select=[CODE], **settings)
    return findings[0] if findings else None


def test_two_bits():
    finding = found(2.0)  # log2 of four equal classes
    assert finding.numbers["nats"] == pytest.approx(math.log(4))
    assert finding.numbers["ratio"] == pytest.approx(math.log(2))
    assert finding.probable


def test_divided_once_too_often():
    assert found(math.log(4) * math.log(2)).numbers["ratio"] == pytest.approx(1 / math.log(2))


def test_a_sum():
    assert found(16.0, reduction="sum") is not None
    assert found(2.0, reduction="sum") is None


def test_four_digits():
    target = torch.tensor([0, 0, 1, 1])
    logits = torch.tensor([[1.0, 0.0]]).expand(4, 2)
    nats = 0.5 * math.log1p(math.exp(-1)) + 0.5 * math.log1p(math.e)  # .8133
    assert found(round(nats / math.log(2), 4), logits, target) is not None
    assert found(nats / math.log(2) * 1.001, logits, target) is None


@pytest.mark.parametrize("value", [math.log(4), 0.5, 1.38, 0.0, math.nan, math.inf])
def test_other_values(value):
    assert found(value) is None


def test_losses_with_settings_are_not_judged():
    assert found(2.0, weight=torch.tensor([1.0, 2.0, 1.0, 1.0])) is None
    assert found(2.0, loss="focal") is None
    assert found(2.0, weight=torch.ones(4), label_smoothing=0.1) is None


def test_label_smoothing():
    logits, target = torch.tensor([[1.0, 0.0]] * 4), torch.tensor([0, 0, 1, 1])
    nats = math.log1p(math.exp(-1)) + 0.5  # half of the rows are right, whatever is smoothed: .8133
    assert found(nats / math.log(2), logits, target, label_smoothing=0.2) is not None
    smoothed = math.log1p(math.exp(-1)) + 0.1  # .9 of one class and .1 of the other: .4133
    assert found(smoothed / math.log(2), logits, target * 0, label_smoothing=0.2) is not None
    assert found(nats / math.log(2), logits, target * 0, label_smoothing=0.2) is None
    assert (
        found(2.0, LOGITS.index_fill(1, torch.tensor([3]), -torch.inf), target=TARGET % 3, label_smoothing=0.1) is None
    )


def test_three_rows_are_too_few():
    assert found(2.0, LOGITS[:3], TARGET[:3]) is None


def test_saved_probabilities():
    assert found(2.0, LOGITS.softmax(1), loss=None, kind="probabilities") is not None
    assert found(2.0, LOGITS.softmax(1), loss=None) is not None
    assert found(math.log(4), LOGITS.softmax(1), loss=None) is None


def test_binary():
    target = (torch.arange(8) % 2).float()[:, None]
    assert found(1.0, torch.zeros(8, 1), target, loss="bce") is not None
    assert found(1.0, torch.full((8, 1), 0.5), target, loss="binary_cross_entropy") is not None
