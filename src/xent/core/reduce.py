"""Reductions. The only place that knows a denominator.

    mean = sum_i L_i / sum_i s_i*d_i

d_i is weight[label] for index targets, 1 for probabilities and binary elements, 0 for what is not read. A
``normalizer`` replaces the denominator. Sums over rows are taken in float64.
"""

import math
import warnings
from functools import reduce
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor

from xent.core.axes import leading
from xent.core.call import Call, DivergenceCall, SoftmaxCall
from xent.core.precision import sum_dtype
from xent.core.targets import counted, labels

Normalizer: TypeAlias = float | Tensor
# What the sum of rows is divided by; None where rows are not summed.
Divisor: TypeAlias = float | Tensor | None


class Reduction(NamedTuple):
    """How the losses of rows become the result."""

    kind: str  # "none", "mean", "sum", or "batchmean" of a divergence
    normalizer: Normalizer | None
    dtype: torch.dtype  # of the result


# Stack level of a warning that shall point at the caller of a public function, from within settle_reduction:
# settle_reduction, the function, its override wrapper, the caller.
CALLER = 4


def settle_reduction(
    size_average: bool | None,
    reduce_: bool | None,
    reduction: str,
    allowed: tuple[str, ...] = ("none", "mean", "sum"),
) -> str:
    """The reduction that is meant, with torch's deprecated arguments taking precedence, and a warning."""
    if size_average is not None or reduce_ is not None:
        mean = size_average is None or size_average
        reduction = "none" if reduce_ is False else ("mean" if mean else "sum")
        message = "size_average and reduce args will be deprecated, please use reduction='{}' instead."
        warnings.warn(message.format(reduction), stacklevel=CALLER)
    elif reduction == "elementwise_mean":
        message = "reduction='elementwise_mean' is deprecated. Please use reduction='mean' instead."
        warnings.warn(message, stacklevel=CALLER)
        reduction = "mean"
    if reduction not in allowed:
        raise ValueError(f"{reduction} is not a valid value for reduction. Pass one of {', '.join(allowed)}.")
    return reduction


def check_normalizer(normalizer: Normalizer | None, reduction: str) -> None:
    """Refuse a normalizer that could not be the denominator of a mean."""
    if normalizer is None:
        return
    if reduction in ("none", "sum"):
        raise ValueError(
            f"`normalizer` replaces the denominator of a mean and has no meaning with reduction='{reduction}'. "
            "Use reduction='mean', or divide the result yourself."
        )
    if isinstance(normalizer, Tensor):
        if normalizer.numel() != 1:
            raise ValueError(f"`normalizer` must hold one number, got shape {tuple(normalizer.shape)}.")
        if normalizer.is_complex() or normalizer.dtype == torch.bool:
            raise TypeError(f"`normalizer` must be a real number, got {normalizer.dtype}.")
        if normalizer.requires_grad:
            raise ValueError("no gradient is formed for `normalizer`. Pass normalizer.detach().")
    elif isinstance(normalizer, bool) or not isinstance(normalizer, (int, float)):
        raise TypeError(f"`normalizer` must be a number or a tensor, not {type(normalizer).__name__}.")
    elif not 0 < normalizer < math.inf:
        raise ValueError(f"`normalizer` must be finite and above 0, got {normalizer}.")


def denominator(call: Call, reduction: str, normalizer: Normalizer | None) -> Divisor:
    """What the sum of rows is divided by; None where rows are not summed."""
    if reduction == "none":
        return None
    if reduction == "sum":
        return 1.0
    if isinstance(normalizer, Tensor):
        # A running count may be changed in place before backward divides by it.
        return normalizer.detach().reshape(()).clone()
    if normalizer is not None:
        return normalizer
    shape, counts = call.rows_shape, row_counts(call)
    batch = call.batch if reduction == "batchmean" and isinstance(call, DivergenceCall) else None
    if counts is None:
        # math.prod, since Size.numel() would fix the sizes of a trace that leaves them open.
        return math.prod(shape) if batch is None else batch
    total = counts.expand(shape).sum()
    # Where all elements are counted this makes the number of distributions.
    return total if batch is None else total * (batch / max(math.prod(shape), 1))


def row_counts(call: Call) -> Tensor | None:
    """s_i*d_i of every row or element, in float64 and broadcastable to the rows; None where all are 1."""
    read = counted(call)
    parts = []
    if call.sample_weight is not None:
        parts.append(leading(call.sample_weight, len(call.rows_shape)))
    if isinstance(call, SoftmaxCall) and call.indexed and call.weight is not None:
        parts.append(call.weight[labels(call, read)])
    if read is not None and not parts:
        return read.to(sum_dtype(read))
    if not parts:
        return None
    product = reduce(torch.mul, (part.to(sum_dtype(part)) for part in parts))
    return product if read is None else product.masked_fill(~read, 0.0)


def reduce_rows(rows: Tensor, divisor: Divisor) -> Tensor:
    """The result of a loss: the rows themselves, or their sum over ``divisor``, in the dtype of the rows."""
    if divisor is None:
        return rows
    return (rows.sum(dtype=sum_dtype(rows)) / divisor).to(rows.dtype)
