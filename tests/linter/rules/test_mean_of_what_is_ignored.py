import math

import pytest
import torch

import xent

CODE = "XE504"
LOGITS = torch.zeros(8, 4)
TARGET = torch.tensor([0, 1, 2, 3, 0, 1, -100, -100])


def found(value, target=TARGET, **settings):
    findings = xent.lint(LOGITS, target, value=value, select=[CODE], **settings)
    return findings[0] if findings else None


def test_ignored_rows_in_the_denominator():
    finding = found(6 / 8 * math.log(4))
    assert finding.numbers["mean"] == pytest.approx(math.log(4))
    assert finding.numbers["denominator"] == 8
    assert finding.numbers["counted"] == 6
    assert finding.probable


def test_not_divided():
    assert found(6 * math.log(4)).numbers["denominator"] == 1


def test_divided_by_rows_instead_of_weights():
    weight = torch.tensor([1.0, 2.0, 1.0, 1.0])
    target = torch.arange(8) % 4
    # The weights of the labels sum to 10, the rows are 8.
    finding = found(10 / 8 * math.log(4), target, weight=weight)
    assert finding.numbers["denominator"] == 8
    assert "not by the sum of their weights" in finding.seen
    assert found(math.log(4), target, weight=weight) is None


@pytest.mark.parametrize("value", [math.log(4), 0.99 * 6 / 8 * math.log(4), 0.0, math.nan])
def test_other_values(value):
    assert found(value) is None


def test_a_sum_that_is_meant():
    assert found(6 * math.log(4), reduction="sum") is None


def test_nothing_ignored():
    assert found(6 / 8 * math.log(4), torch.arange(8) % 4) is None


def test_no_value():
    assert found(None) is None


def test_a_loss_of_zero_has_no_ratio():
    findings = xent.lint(torch.zeros(8, 4), TARGET.clamp(min=0), loss="nll_loss", value=1.0, select=[CODE])
    assert not findings
