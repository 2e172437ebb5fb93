"""What the losses made from training counts share: exact numbers in the right place, and how they are shown."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from xent.core import check
from xent.core.precision import arithmetic_dtype
from xent.imbalance import ClassCounts
from xent.imbalance.sizes import class_sizes, result_dtype

if TYPE_CHECKING:
    from xent.imbalance import Counts

__all__ = ["described", "exact", "like_counts", "like_input", "sizes"]


def sizes(name: str, counts: "Counts") -> Tensor:
    """The size of every class, (C,) in float64, so that what comes of them is rounded once.

    Args:
        name: The loss, as its user calls it; for errors.
        counts: As the user gave them.

    Raises:
        TypeError: They are no numbers.
        ValueError: They are not one row of finite numbers above 0, or rows had any number of classes.
    """
    if isinstance(counts, ClassCounts) and counts.multi_label:
        raise ValueError(f"{name}: `counts` are of rows that may have several classes, and here each has one.")
    return class_sizes(name, counts, absent=None)


def exact(counts: "Counts") -> "Counts":
    """The counts in float64, so that what comes of them is rounded once; what are no numbers, as they are."""
    try:
        n = torch.as_tensor(counts.counts if isinstance(counts, ClassCounts) and not counts.multi_label else counts)
    except (TypeError, ValueError, RuntimeError):
        return counts  # xent.imbalance says what is wrong with them
    return counts if n.dtype == torch.bool or n.is_complex() else n.to(torch.float64)


def like_counts(values: Tensor, counts: "Counts") -> Tensor:
    """``values`` in the dtype of the counts if that is floating point, else in torch's default dtype."""
    return values.to(result_dtype(counts))


def like_input(function: str, values: Tensor, input: Tensor) -> Tensor:
    """``values`` on the input's device, in the dtype that its loss is computed in.

    Raises:
        TypeError: ``input`` is no tensor.
    """
    check.tensor(function, "input", input)
    return values.to(input.device, arithmetic_dtype(input))


def described(settings: str, **own: float) -> str:
    """What a module shows of itself: its own parameters, then its settings."""
    parts = [f"{name}={value:g}" for name, value in own.items()]
    return ", ".join([*parts, settings] if settings else parts)
