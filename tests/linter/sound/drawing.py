"""What the ways have in common: how many rows, which numbers, what else the linter is told."""

import random
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from tests.linter.worlds.moments import Moment

Case = dict[str, Any]
Maker = Callable[[random.Random], Case]

SOUND: dict[str, Maker] = {}

SIZES = (1, 2, 3, 7, 8, 16, 31, 32, 64, 100, 128, 256, 512)


def sound(make: Maker) -> Maker:
    """Register a way to use a loss."""
    SOUND[f"{make.__module__.rsplit('.', 1)[-1]}.{make.__name__}"] = make
    return make


def size(draw: random.Random, least: int = 1) -> int:
    """Rows of a batch."""
    return draw.choice([rows for rows in SIZES if rows >= least])


def cast(draw: random.Random, logits: Tensor) -> Tensor:
    """In the number format of the training; half of it is float32, and 16 bits are what autocast gives."""
    dtype = draw.choice((torch.float32,) * 4 + (torch.float64, torch.float64, torch.bfloat16, torch.float16))
    return logits.to(dtype)


def told(
    draw: random.Random, case: Case, moment: Moment, value: Callable[[Tensor, Tensor], Tensor] | None = None
) -> Case:
    """With some of what else a person may tell: training counts, steps, and the loss as it came out.

    Args:
        draw: What is drawn.
        case: So far.
        moment: Of the training.
        value: Computes the loss, from float32 logits as under autocast.
    """
    found = dict(case)
    if draw.random() < 0.5:
        found["counts"] = moment.counts
    if draw.random() < 0.5:
        found["step"] = moment.step
    if value is not None and draw.random() < 0.6:
        logits = case["logits"]
        precise = logits if logits.dtype == torch.float64 else logits.float()
        with torch.no_grad():
            result = value(precise, case["target"])
        found["value"] = result.item() if result.ndim == 0 and draw.random() < 0.5 else result
    return found
