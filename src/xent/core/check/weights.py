"""Weights of classes, elements and rows, and masks."""

import torch
from torch import Tensor

from xent.core.check.tensors import broadcasts, no_gradient, scalar_type, tensor


def class_weight(weight: Tensor | None, logits: Tensor, dim: int, *, promotes: bool) -> None:
    """``weight`` holds one number a class, in the dtype of the logits, or float32 beside half precision."""
    if weight is None:
        return
    tensor("cross_entropy_loss", "weight", weight)
    if not weight.is_floating_point():
        raise RuntimeError(
            f"expected scalar type {scalar_type(logits)} but found {scalar_type(weight)}: pass `weight` as floating "
            f"point, weight.to({logits.dtype})."
        )
    classes = logits.shape[dim]
    if weight.shape != (classes,):
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but got weight tensor "
            f"of shape: {list(weight.shape)}"
        )
    half = logits.dtype in (torch.float16, torch.bfloat16)
    if promotes or weight.dtype == logits.dtype or (half and weight.dtype == torch.float32):
        return
    raise RuntimeError(
        f"expected scalar type {scalar_type(logits)} but found {scalar_type(weight)}: pass `weight` in the dtype of "
        f"`input`, weight.to({logits.dtype})."
    )


def element_weight(function: str, name: str, weight: Tensor | None, logits: Tensor) -> None:
    """``weight`` broadcasts to the logits and asks for no gradient."""
    if weight is None:
        return
    no_gradient(function, name, weight)
    broadcasts(name, weight, logits)
    if weight.is_complex():
        raise TypeError(f"`{name}` must hold real numbers, got {weight.dtype}.")


def row_settings(sample_weight: Tensor | None, mask: Tensor | None, rows: torch.Size) -> None:
    """``sample_weight`` are numbers and ``mask`` truth values, one a row."""
    leading_shape("sample_weight", sample_weight, rows)
    leading_shape("mask", mask, rows)
    if sample_weight is not None and sample_weight.requires_grad:
        raise ValueError("no gradient is formed for `sample_weight`. Pass sample_weight.detach().")
    if sample_weight is not None and sample_weight.is_complex():
        raise TypeError(f"`sample_weight` must hold real numbers, got {sample_weight.dtype}.")
    if mask is not None and mask.dtype != torch.bool:
        raise TypeError(f"`mask` must be a bool tensor, true for what counts, got {mask.dtype}. Pass mask.bool().")


def leading_shape(name: str, value: Tensor | None, rows: torch.Size) -> None:
    """The shape of ``value`` is the rows' shape, or begins it."""
    if value is None:
        return
    if not isinstance(value, Tensor):
        raise TypeError(f"`{name}` must be a tensor, not {type(value).__name__}.")
    if (value.ndim == 0 and len(rows) > 0) or value.shape != rows[: value.ndim]:
        shapes = " or ".join(str(tuple(rows[:k])) for k in range(len(rows), min(1, len(rows)) - 1, -1) if k or not rows)
        raise ValueError(f"`{name}` must have shape {shapes}, got {tuple(value.shape)}.")
