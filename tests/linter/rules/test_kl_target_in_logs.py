import math

import pytest
import torch

import xent

CODE = "XE107"
P = torch.tensor([[0.25, 0.75], [0.5, 0.5]])


def found(target, **settings):
    findings = xent.lint(P.log(), target, loss="kl_div", reduction="batchmean", select=[CODE], **settings)
    return findings[0] if findings else None


def test_logarithms_that_are_not_said_to_be_some():
    finding = found(P.log())
    assert finding.numbers["below"] == 4
    assert finding.numbers["lowest"] == pytest.approx(math.log(0.25))
    assert torch.nn.functional.kl_div(P.log(), P.log(), reduction="sum").isnan()


def test_probabilities_that_are_said_to_be_logarithms():
    finding = found(P, log_target=True)
    assert finding.numbers["highest"] == 0.75
    # (exp(.25) + exp(.75) + 2 exp(.5)) / 2
    assert finding.numbers["row_sum"] == pytest.approx((math.exp(0.25) + math.exp(0.75) + 2 * math.exp(0.5)) / 2)


def test_as_it_should_be():
    assert found(P) is None
    assert found(P.log(), log_target=True) is None
    assert found(torch.tensor([[0.0, 1.0], [1.0, 0.0]])) is None
    assert found(torch.tensor([[0.0, -math.inf], [-math.inf, 0.0]]), log_target=True) is None


def test_rounding_above_zero():
    assert found(torch.tensor([[1e-7, -20.0], [-0.7, -0.7]]), log_target=True) is None


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_nearly_equal_probabilities_of_many_classes(dtype):
    target = torch.full((2, 100), 0.01, dtype=dtype)
    findings = xent.lint(target.log(), target, loss="kl_div", log_target=True, select=[CODE])
    # 100 exp(.01)
    assert findings[0].numbers["row_sum"] == pytest.approx(101.005, rel=1e-3)
