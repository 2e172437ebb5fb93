"""A loss times a number: the factor in the denominator is the factor of every row, whatever is counted."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from xent import cross_entropy
from xent.presets.factor import multiple

LOGITS = torch.tensor([[2.0, -1.0, 0.3], [-3.0, 0.0, 1.0], [0.1, 0.2, 0.4], [1.0, 5.0, 2.0]], dtype=torch.float64)
LABELS = torch.tensor([1, -100, 2, 0])
PROBABILITIES = torch.softmax(LOGITS.flip(1), 1)
ROWS = torch.tensor([1.0, 2.0, 0.0, 0.5], dtype=torch.float64)
FACTOR = 0.3


def loss_and_gradient(factor: float, target: Tensor, settings: dict[str, Any]) -> tuple[Tensor, Tensor]:
    """By the function, or for the factor 1, of cross entropy."""
    logits = LOGITS.clone().requires_grad_()
    call = cross_entropy(logits, target, **settings) if factor == 1 else multiple(factor, logits, target, **settings)
    (gradient,) = torch.autograd.grad(call.sum(), logits)
    return call.detach(), gradient


@pytest.mark.parametrize("target", [LABELS, PROBABILITIES], ids=["labels", "probabilities"])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(
    "settings",
    [{}, {"sample_weight": ROWS}, {"mask": ROWS > 0.7}, {"weight": ROWS[:3] + 1.0}, {"label_smoothing": 0.1}],
    ids=lambda settings: next(iter(settings), "plain"),
)
def test_it_is_the_factor_times_cross_entropy(target: Tensor, reduction: str, settings: dict[str, Any]) -> None:
    settings = {"reduction": reduction, **settings}
    loss, gradient = loss_and_gradient(FACTOR, target, settings)
    plain, plain_gradient = loss_and_gradient(1, target, settings)
    torch.testing.assert_close(loss, FACTOR * plain, rtol=1e-14, atol=0)
    torch.testing.assert_close(gradient, FACTOR * plain_gradient, rtol=1e-13, atol=1e-16)


def test_a_normalizer_of_the_user_is_one() -> None:
    plain = cross_entropy(LOGITS, LABELS, normalizer=7.0)
    torch.testing.assert_close(multiple(FACTOR, LOGITS, LABELS, normalizer=7.0), FACTOR * plain, rtol=1e-14, atol=0)
    with pytest.raises(ValueError, match=r"`normalizer` must be finite and above 0, got -7\.0\."):
        multiple(FACTOR, LOGITS, LABELS, normalizer=-7.0)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_no_row_is_read(reduction: str) -> None:
    loss, gradient = loss_and_gradient(FACTOR, torch.full_like(LABELS, -100), {"reduction": reduction})
    assert math.isnan(loss.item()) if reduction == "mean" else loss.item() == 0
    assert gradient.count_nonzero() == 0


def test_other_axes_and_no_rows() -> None:
    moved = multiple(FACTOR, LOGITS.T.contiguous(), PROBABILITIES.T.contiguous(), dim=0)
    expected = FACTOR * cross_entropy(LOGITS, PROBABILITIES)
    torch.testing.assert_close(moved, expected, rtol=1e-14, atol=0)
    assert math.isnan(multiple(FACTOR, LOGITS[:0], PROBABILITIES[:0]).item())
