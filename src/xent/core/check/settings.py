"""Numbers and events that are set for a loss."""

import math
from numbers import Integral, Real

import torch
from torch import Tensor

from xent.core.check.tensors import no_gradient, tensor
from xent.core.check.weights import element_weight
from xent.core.event import Event

# What is taken for a number: Python's, NumPy's, and tensors of one, as torch does.
INTEGER = (Integral, Tensor)
NUMBER = (Real, Tensor)


def ignore_index(value: int) -> None:
    """``value`` can equal a class index."""
    if not isinstance(value, INTEGER):
        raise TypeError(f"`ignore_index` must be an int, not {type(value).__name__}.")


def binary_ignore_index(value: float | None) -> None:
    """``value`` can equal a target, or is None."""
    if value is not None and not isinstance(value, NUMBER):
        raise TypeError(f"`ignore_index` must be a number or None, not {type(value).__name__}.")


def smoothing(label_smoothing: float) -> None:
    """``label_smoothing`` is a probability."""
    if not isinstance(label_smoothing, NUMBER):
        raise TypeError(f"`label_smoothing` must be a number, not {type(label_smoothing).__name__}.")
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")


def smoothing_prior(prior: Tensor | None, label_smoothing: float, classes: int) -> None:
    """``prior`` holds one number a class, and there is smoothing for it to act in."""
    if prior is None:
        return
    tensor("cross_entropy", "smoothing_prior", prior)
    if label_smoothing == 0:
        raise ValueError("`smoothing_prior` has no effect without smoothing. Pass label_smoothing above 0.")
    if not prior.is_floating_point():
        raise TypeError(f"`smoothing_prior` must be floating point, got {prior.dtype}.")
    no_gradient("cross_entropy", "smoothing_prior", prior)
    if prior.shape != (classes,):
        raise ValueError(f"`smoothing_prior` must have shape ({classes},), one a class, got {tuple(prior.shape)}.")


def binary_prior(prior: Tensor | None, label_smoothing: float, logits: Tensor) -> None:
    """``prior`` broadcasts to the logits, and there is smoothing for it to act in."""
    if prior is None:
        return
    element_weight("binary_cross_entropy_with_logits", "smoothing_prior", prior, logits)
    if label_smoothing == 0:
        raise ValueError("`smoothing_prior` has no effect without smoothing. Pass label_smoothing above 0.")


def z_loss(value: float) -> None:
    """``value`` is a coefficient."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"`z_loss` must be a number, not {type(value).__name__}.")
    if not 0 <= value < math.inf:
        raise ValueError(f"`z_loss` must be finite and at least 0, got {value}.")


def neg_scale(value: float) -> None:
    """``value`` is a factor above 0."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"`neg_scale` must be a number, not {type(value).__name__}.")
    if not 0 < value < math.inf:
        raise ValueError(f"`neg_scale` must be finite and above 0, got {value}.")


def event(name: str, value: Event, *, may_shift: bool = False) -> None:
    """``value`` is an Event, and shifts probabilities only where there is a negative side."""
    if not isinstance(value, Event):
        raise TypeError(f"`{name}` must be an xent.Event, not {type(value).__name__}.")
    if value.shift and not may_shift:
        raise ValueError(
            f"`{name}` has shift={value.shift}, which belongs to the negative side of a binary loss: "
            "binary_cross_entropy_with_logits(..., negative=Event(shift=...))."
        )


def inplace_gradient(wanted: bool, reduction: str, logits: Tensor) -> None:
    """The gradient can take the place of the logits: it is formed with the loss, and each logit has its own place."""
    if not isinstance(wanted, bool):
        raise TypeError(f"`inplace_gradient` must be True or False, got {wanted!r}.")
    if not wanted:
        return
    if reduction == "none":
        raise ValueError(
            "`inplace_gradient` needs reduction='mean' or 'sum': for 'none' the gradient is not known before backward."
        )
    if logits.dtype == torch.float16:
        raise ValueError(
            "`inplace_gradient` is not for float16, whose gradient waits for the loss scale. Pass bfloat16 or float32, "
            "or inplace_gradient=False."
        )
    if any(stride == 0 and size > 1 for stride, size in zip(logits.stride(), logits.shape, strict=True)):
        raise ValueError("`inplace_gradient` needs `input` to hold each logit once. Pass input.contiguous().")
