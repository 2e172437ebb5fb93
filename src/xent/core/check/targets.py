"""Targets, and how they fit the input."""

import torch
from torch import Tensor

from xent.core.check.settings import INTEGER
from xent.core.check.tensors import scalar_type

INDEX_DTYPES = (torch.int64, torch.uint8, torch.int32, torch.int16)


def class_axis(logits: Tensor, dim: int | None) -> int:
    """The class axis, not negative: ``dim``, or torch's choice, the second axis of two or more."""
    if logits.ndim == 0:
        raise ValueError(
            "Expected 1 or more dimensions (got 0): `input` must have shape (C,), (N, C) or (N, C, d1, ...)."
        )
    if dim is None:
        return 0 if logits.ndim == 1 else 1
    if not isinstance(dim, INTEGER):
        raise TypeError(f"`dim` must be an int, not {type(dim).__name__}.")
    if not -logits.ndim <= dim < logits.ndim:
        raise IndexError(
            f"Dimension out of range: `dim` must be in [{-logits.ndim}, {logits.ndim - 1}] for an input of shape "
            f"{tuple(logits.shape)}, got {dim}."
        )
    return dim % logits.ndim


def has_classes(logits: Tensor, dim: int) -> None:
    """There is a class to be the label."""
    if logits.shape[dim] == 0:
        raise ValueError(f"`input` must have at least one class along axis {dim}, got shape {tuple(logits.shape)}.")


def index_target(logits: Tensor, target: Tensor, dim: int, *, or_probabilities: bool = False) -> Tensor:
    """Class indices of the rows' shape, as int64; the message says if probabilities would do too."""
    rows = logits.shape[:dim] + logits.shape[dim + 1 :]
    if logits.ndim == 1 and target.shape == (1,):
        target = target.reshape(())
    if target.shape != rows:
        _raise_target_shape(logits, target, rows, or_probabilities)
    if target.dtype not in INDEX_DTYPES:
        hint = f" Probabilities have the shape of `input`, {tuple(logits.shape)}." if or_probabilities else ""
        raise RuntimeError(
            f"expected target dtype to be Long or Byte, but got {scalar_type(target)}. Pass class indices in "
            f"`target`, of dtype int64, int32, int16 or uint8.{hint}"
        )
    # Compared in a narrow dtype, a class count or an ignore_index beyond its range would wrap around.
    return target.long()


def _raise_target_shape(logits: Tensor, target: Tensor, rows: torch.Size, or_probabilities: bool) -> None:
    otherwise = f" or probabilities of shape {tuple(logits.shape)}" if or_probabilities else ""
    expected = f"`target` must hold class indices of shape {tuple(rows)}{otherwise}, got shape {tuple(target.shape)}."
    if logits.ndim <= 2 and target.ndim > 1:
        raise RuntimeError(f"0D or 1D target tensor expected, multi-target not supported: {expected}")
    if logits.ndim == 1:
        raise ValueError(f"For 1D input, 1D target must have size 1, but got target size: {target.numel()}. {expected}")
    if logits.shape[0] != target.shape[:1].numel() or target.ndim == 0:
        given = target.shape[0] if target.ndim else 0
        raise ValueError(
            f"Expected input batch_size ({logits.shape[0]}) to match target batch_size ({given}). {expected}"
        )
    raise RuntimeError(f"Expected target size {list(rows)}, got {list(target.shape)}. {expected}")


def probability_target(target: Tensor, ignore_index: int) -> None:
    """Probabilities are floating point, and no row of them can equal an ignore_index."""
    if not target.is_floating_point():
        raise RuntimeError(
            f"Expected floating point type for target with class probabilities, got {scalar_type(target)}. "
            "`target` has the shape of the input, so it is read as probabilities: pass target.float(), "
            "or class indices without the class axis."
        )
    if ignore_index >= 0:
        raise RuntimeError(
            "ignore_index is not supported for floating point target. Rows of probabilities are left out with `mask`."
        )


def labels_in_range(target: Tensor, classes: int, read: Tensor | None, ignore_index: int | None) -> None:
    """Every label that is read names a class. Reads values: not for a GPU, a transform or a trace."""
    wrong = (target < 0) | (target >= classes)
    if read is not None:
        wrong = wrong & read
    if bool(wrong.any()):
        raise label_out_of_range(target[wrong].flatten()[0], classes, ignore_index)


def label_out_of_range(label: Tensor, classes: int, ignore_index: int | None) -> IndexError:
    """The error for a label that names no class."""
    return IndexError(
        f"Target {int(label)} is out of bounds. `target` must hold classes in [0, {classes - 1}], for the {classes} "
        f"classes of `input`, or ignore_index={ignore_index}."
    )


def binary_shapes(input: Tensor, target: Tensor, message: str) -> None:
    """Input and target have one shape; ``message`` are torch's words where they have not."""
    if target.shape == input.shape:
        return
    hint = ""
    if target.numel() == input.numel():
        hint = f" Pass target.reshape({tuple(input.shape)}) if their elements correspond in this order."
    raise ValueError(message + hint)


def equal_dtype(input: Tensor, target: Tensor) -> None:
    """Input and target have one dtype."""
    if target.dtype != input.dtype:
        raise RuntimeError(
            f"Found dtype {scalar_type(target)} but expected {scalar_type(input)}: pass `target` in the dtype of "
            f"`input`, target.to({input.dtype})."
        )


def float_target(target: Tensor) -> None:
    """The target of a binary loss is floating point."""
    if not target.is_floating_point():
        raise RuntimeError(
            f"result type Float can't be cast to the desired output type {scalar_type(target)}: `target` must be "
            "floating point. Pass target.float()."
        )


def divergence_shapes(input: Tensor, target: Tensor) -> None:
    """Input and target broadcast to one shape."""
    sizes = zip(reversed(input.shape), reversed(target.shape), strict=False)
    if not all(a == b or 1 in (a, b) for a, b in sizes):
        raise RuntimeError(
            f"The size of `target`, {tuple(target.shape)}, must be broadcastable with the size of `input`, "
            f"{tuple(input.shape)}."
        )


def divergence_dtypes(input: Tensor, target: Tensor) -> None:
    """Input and target are floating point."""
    for name, value in (("input", input), ("target", target)):
        if not value.is_floating_point():
            raise RuntimeError(
                f"kl_div: Integral inputs not supported. `{name}` has dtype {value.dtype}; pass {name}.float()."
            )


def unit_interval(name: str, value: Tensor) -> None:
    """Every element lies in [0, 1]. Reads values: not for a GPU, a transform or a trace."""
    outside = ~((value >= 0) & (value <= 1))
    if bool(outside.any()):
        raise outside_unit_interval(name, value[outside].flatten()[0])


def outside_unit_interval(name: str, value: Tensor) -> RuntimeError:
    """The error for a number that is no probability."""
    hint = " For logits, use binary_cross_entropy_with_logits." if name == "input" else ""
    return RuntimeError(f"all elements of {name} should be between 0 and 1, got {value.item()}.{hint}")
