import math

import pytest
import torch

import xent

CODE = "XE102"
BCE = "binary_cross_entropy_with_logits"


def found(logits, loss=BCE):
    findings = xent.lint(
        logits, (torch.arange(logits.numel()) % 2).reshape(logits.shape).float(), loss=loss, select=[CODE]
    )
    return findings[0] if findings else None


def test_numbers_of_the_graph():
    logits = torch.tensor([[0.0, math.log(3)]], requires_grad=True)
    finding = found(logits.sigmoid())
    # sigmoid(0) = 1/2 and sigmoid(ln 3) = 3/4; softplus(0) = .6931 and softplus(-1) = .3133.
    assert finding.numbers["lowest"] == pytest.approx(0.5)
    assert finding.numbers["highest"] == pytest.approx(0.75)
    assert finding.numbers["lowest_loss_of_a_negative"] == pytest.approx(0.693147, abs=1e-6)
    assert finding.numbers["lowest_loss_of_a_positive"] == pytest.approx(0.313262, abs=1e-6)
    assert not finding.probable


def test_without_a_graph_it_is_probable():
    finding = found(torch.linspace(0.05, 0.95, 40).reshape(20, 2))
    assert finding.probable
    assert "all 40 numbers" in finding.seen


@pytest.mark.parametrize(
    "logits",
    [
        torch.linspace(0.05, 0.95, 31)[:, None],  # too few to say
        torch.linspace(-0.05, 0.95, 40)[:, None],  # one below 0
        torch.linspace(0.05, 1.05, 40)[:, None],  # one above 1
        torch.linspace(0.02, 0.2, 64)[:, None],  # a model that has not learned, with a small bias
        torch.linspace(-0.9, 0.9, 64)[:, None].relu(),  # half of it exactly 0
    ],
)
def test_logits_near_zero_are_no_evidence(logits):
    assert found(logits) is None


def test_a_layer_made_them():
    last = torch.nn.Linear(1, 1)
    torch.nn.init.constant_(last.weight, 0.4)
    torch.nn.init.constant_(last.bias, 0.5)
    assert found(last(torch.linspace(0, 1, 64)[:, None])) is None


def test_the_loss_that_takes_probabilities():
    assert found(torch.linspace(0.05, 0.95, 40)[:, None], loss="binary_cross_entropy") is None
