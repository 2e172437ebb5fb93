"""Cross entropy times a number of the loss's own.

A gradient that is formed with the loss would have to be read and written once more for the factor. In a mean or a sum
it goes into the denominator instead, where that is quickly found.
"""

from typing import Any

import torch
from torch import Tensor
from typing_extensions import Unpack

from xent.core import check
from xent.core.precision import sum_dtype
from xent.functional import cross_entropy
from xent.presets.settings import SoftmaxArguments

# With them, rows count by other numbers than one, or the denominator is the user's.
_COUNTING = ("weight", "sample_weight", "mask", "normalizer")


def multiple(factor: float, input: Tensor, target: Tensor, **settings: Unpack[SoftmaxArguments]) -> Tensor:
    """``factor`` times cross entropy, but the z-loss only once: its coefficient is the user's."""
    z_loss = settings.get("z_loss", 0.0)
    check.z_loss(z_loss)
    settings["z_loss"] = z_loss / factor
    divisor = _divisor(input, target, settings)
    if divisor is None:
        return factor * cross_entropy(input, target, **settings)
    settings["reduction"] = "mean"
    settings["normalizer"] = divisor / factor
    return cross_entropy(input, target, **settings)


def _divisor(input: Tensor, target: Tensor, settings: Any) -> Tensor | None:
    """What the sum of the rows is divided by, if it is one or the number of rows that are read."""
    if not (isinstance(input, Tensor) and isinstance(target, Tensor)):
        return None
    if any(settings.get(name) is not None for name in _COUNTING):
        return None
    reduction, ignore_index = settings.get("reduction", "mean"), settings.get("ignore_index", -100)
    if reduction == "sum":
        return input.new_ones((), dtype=sum_dtype(input))
    if reduction != "mean" or not isinstance(ignore_index, int):
        return None
    if target.shape == input.shape:
        classes = input.shape[check.class_axis(input, settings.get("dim"))]
        return input.new_full((), input.numel() // max(classes, 1), dtype=sum_dtype(input))
    return torch.sum(target != ignore_index, dtype=sum_dtype(input))
