import math

import pytest
import torch

import xent

CODE = "XE106"
TARGET = torch.tensor([[0.5, 0.5], [0.25, 0.75]])


def found(rows, target=TARGET):
    findings = xent.lint(rows, target, loss="kl_div", reduction="batchmean", select=[CODE])
    return findings[0] if findings else None


def test_probabilities():
    finding = found(torch.tensor([[0.2, 0.8], [0.5, 0.5]]))
    assert finding.numbers["lowest"] == pytest.approx(0.2)
    assert finding.numbers["highest"] == pytest.approx(0.8)
    assert not finding.probable


def test_their_value_is_never_above_zero():
    generator = torch.Generator().manual_seed(0)
    input, target = (torch.randn(1000, 5, generator=generator).softmax(1) for _ in range(2))
    assert found(input, target) is not None
    assert (torch.nn.functional.kl_div(input, target, reduction="none").sum(1) <= 0).all()


def test_raw_logits_are_probable():
    finding = found(torch.tensor([[1.0, 1.0], [0.0, -1.0]]))
    assert finding.numbers["log_sum"] == pytest.approx(1 + math.log(2))
    assert finding.probable


def test_a_layer_made_them():
    last = torch.nn.Linear(2, 2)
    torch.nn.init.constant_(last.bias, -9.0)
    finding = found(last(torch.zeros(2, 2)))
    assert not finding.probable


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_log_probabilities(dtype):
    assert found(torch.tensor([[1.0, 2.0], [0.0, 3.0]]).log_softmax(1).to(dtype), TARGET.to(dtype)) is None


def test_images_have_their_classes_elsewhere():
    images = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    assert found(images.log_softmax(1), images.softmax(1)) is None
