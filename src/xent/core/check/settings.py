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
    if isinstance(value, Tensor) and (value.numel() != 1 or value.is_floating_point() or value.is_complex()):
        raise TypeError(f"`ignore_index` must be an int, not a tensor of shape {tuple(value.shape)} and {value.dtype}.")


def binary_ignore_index(value: float | None) -> None:
    """``value`` can equal a target, or is None."""
    if value is not None and not isinstance(value, NUMBER):
        raise TypeError(f"`ignore_index` must be a number or None, not {type(value).__name__}.")
    if isinstance(value, Tensor):
        _one_number("ignore_index", value)
    elif value != value:  # nan; a compiler follows this comparison, but not math.isnan
        raise ValueError("`ignore_index` must be a number that a target can equal, got nan. Pass mask=~target.isnan().")


def smoothing(label_smoothing: float) -> None:
    """``label_smoothing`` is a probability."""
    if not isinstance(label_smoothing, NUMBER):
        raise TypeError(f"`label_smoothing` must be a number, not {type(label_smoothing).__name__}.")
    if isinstance(label_smoothing, Tensor):
        _one_number("label_smoothing", label_smoothing)
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


def prior_values(prior: Tensor) -> None:
    """``prior`` is a distribution, up to its sum. Reads values: not for a GPU, a transform or a trace."""
    if not bool(((prior >= 0) & torch.isfinite(prior)).all()) or not bool(prior.sum() > 0):
        raise ValueError("`smoothing_prior` must hold finite numbers of at least 0, not all 0.")


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
    if _overlaps(logits):
        raise ValueError("`inplace_gradient` needs `input` to hold each logit once. Pass input.contiguous().")


def _one_number(name: str, value: Tensor) -> None:
    """``value`` stands for a number."""
    if value.numel() != 1:
        raise TypeError(f"`{name}` must be one number, got a tensor of shape {tuple(value.shape)}.")
    if value.requires_grad:
        raise RuntimeError(f"no gradient is formed for `{name}`. Pass {name}.item().")


def _overlaps(tensor: Tensor) -> bool:
    """Whether two elements may share a place in memory: an axis steps no further than the axes within it reach."""
    reach = 0
    for stride, size in sorted(zip(tensor.stride(), tensor.shape, strict=True)):
        if size > 1:
            if stride <= reach:
                return True
            reach += stride * (size - 1)
    return False


def number(
    function: str,
    argument: str,
    value: float,
    *,
    least: float = -math.inf,
    above: float = -math.inf,
    most: float = math.inf,
) -> float:
    """``value``, if it is a finite number in the domain.

    Args:
        function: What its user calls, a function or a class; for errors.
        argument: The name of the argument.
        value: What was given.
        least: It may be this, and above.
        above: It must be above this.
        most: It may be this, and below.

    Raises:
        TypeError: ``value`` is not a number.
        ValueError: It is outside the domain.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{function}: `{argument}` must be a number, not {type(value).__name__}.")
    if not (least <= value <= most and above < value and math.isfinite(value)):
        raise ValueError(f"{function}: `{argument}` must be {_domain(least, above, most)}, got {value}.")
    return value


def _domain(least: float, above: float, most: float) -> str:
    bounds = [f"at least {least:g}" if least > -math.inf else "", f"above {above:g}" if above > -math.inf else ""]
    bounds.append(f"at most {most:g}" if most < math.inf else "")
    return "finite, " + " and ".join(bound for bound in bounds if bound) if any(bounds) else "finite"
