"""The rows of the catalogue as losses of one batch, the same for all."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

import xent
from xent.catalog import ROWS, Row

BATCH, CLASSES = 6, 4
COUNTS = torch.tensor([60.0, 30.0, 10.0, 5.0], dtype=torch.float64)
LABELS = torch.tensor([0, 3, 1, 1, 2, 0])
INDICATORS = torch.tensor(
    [[1, 0, 0, 1], [0, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 1], [1, 0, 0, 0], [0, 0, 1, 0]], dtype=torch.float64
)
EVERY_ROW = pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
CORE: dict[str, Callable[..., Tensor]] = {
    "softmax": xent.cross_entropy,
    "sigmoid": xent.binary_cross_entropy_with_logits,
}


def rows_of(*links: str) -> pytest.MarkDecorator:
    """Parametrise over the rows of some links whose target is labels, and not what a teacher makes of the rows."""
    names = [name for name, row in ROWS.items() if row.link in links and row.target == "target"]
    return pytest.mark.parametrize("row", [ROWS[name] for name in names], ids=names)


def logits(scale: float = 2.0, dtype: torch.dtype = torch.float64, seed: int = 0) -> Tensor:
    """Normal numbers."""
    return (scale * torch.randn(BATCH, CLASSES, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)).to(
        dtype
    )


def target_of(row: Row, dtype: torch.dtype = torch.float64) -> Tensor:
    """Labels, or an indicator row for each row, or the logits of a teacher."""
    if row.target == "teacher":
        return logits(seed=9, dtype=dtype)
    return LABELS if row.link == "softmax" else INDICATORS.to(dtype)


def function(row: Row, counts: Tensor = COUNTS) -> Callable[..., Tensor]:
    """The loss as a function of (input, target, **settings)."""

    def loss(input: Tensor, target: Tensor, **settings: Any) -> Tensor:
        return row.function(input, target, **{**row.settings(counts), **settings})

    return loss


def module(row: Row, counts: Tensor = COUNTS, **settings: Any) -> torch.nn.Module:
    """The loss as a module, which learns nothing more from the batches."""
    return row.module(**{**row.settings(counts), **settings}).eval()


def value_and_gradient(
    loss: Callable[..., Tensor], input: Tensor, *rest: Any, **settings: Any
) -> tuple[Tensor, Tensor]:
    """The result, and the gradient of its sum."""
    leaf = input.detach().clone().requires_grad_()
    value = loss(leaf, *rest, **settings)
    (gradient,) = torch.autograd.grad(value.sum(), leaf)
    return value.detach(), gradient


def assert_same(one: Any, other: Any, digits: float = 1e-11) -> None:
    """Equal but for rounding."""
    torch.testing.assert_close(one, other, rtol=digits, atol=digits)


def refused(argument: str, call: Callable[..., object], *args: Any, **kwargs: Any) -> bool:
    """Whether a call is refused for an argument, which the message must name."""
    try:
        call(*args, **kwargs)
    except (TypeError, ValueError, RuntimeError) as error:
        if re.search(rf"\b{argument}\b", str(error)):
            return True
        raise AssertionError(f"the message does not name `{argument}`: {error}") from error
    return False
