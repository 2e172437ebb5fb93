"""Logits that exist already, and one number a class to add to them."""

import torch
from torch import Tensor

from xent.core import check
from xent.core.axes import along


def class_axis(function: str, logits: Tensor, dim: int | None) -> int:
    """The class axis of ``logits``, which are a floating-point tensor.

    Raises:
        TypeError: If they are not.
        ValueError: If they have no axis.
        IndexError: If ``dim`` names none.
    """
    if not isinstance(logits, Tensor):
        raise TypeError(
            f"{function}: `logits` must be a tensor, not {type(logits).__name__}. From NumPy: torch.from_numpy(logits)."
        )
    if not logits.is_floating_point():
        raise TypeError(f"{function}: `logits` must be floating point, got {logits.dtype}. Pass logits.float().")
    return check.class_axis(logits, dim)


def combine(function: str, argument: str, logits: Tensor, term: Tensor, axis: int) -> Tensor:
    """``logits + term``, term (C,) along the class axis, rounded once to the dtype of the logits.

    Args:
        function: Who asks, for errors.
        argument: Where the term comes from, for errors.
        logits: Of a class axis ``axis``.
        term: In float64, shape (C,).
        axis: Not negative.

    Raises:
        ValueError: If there is not one number a class.
    """
    if term.numel() != logits.shape[axis]:
        raise ValueError(
            f"{function}: `{argument}` must hold one number for each of the {logits.shape[axis]} classes along axis "
            f"{axis} of `logits` {tuple(logits.shape)}, got {term.numel()}."
        )
    wide = torch.promote_types(logits.dtype, torch.float32)
    return (logits.to(wide) + along(term.to(logits.device, wide), logits.ndim, axis)).to(logits.dtype)
