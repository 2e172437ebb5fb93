"""Input of every kind -> probabilities and their logarithms, with nothing lost on the way.

A measure is defined on distributions. A row that passes as summing to one does so only to rounding, so every
row is divided by its sum: ``normalize`` decides whether a larger deviation is an error, never what is
computed.
"""

import math
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal, TypeAlias, get_args

from xent.information.arrays import FLOATING, INTEGER, dtype_name, positions, row_sum, working
from xent.information.validation import check_scores, check_weights, sum_tolerance

Kind = Literal["probabilities", "logits", "log_probabilities", "counts"]
Dim: TypeAlias = int | tuple[int, ...]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Scores:
    """Logits or log-probabilities as they came, and the parts of their log-sum-exp, ``top + log_rest``."""

    values: Any
    top: Any
    log_rest: Any


@dataclass(frozen=True)
class Distribution:
    """Rows of probabilities along the last axis.

    ``log_probabilities`` is 0 where the probability is 0 (``support`` is false), so that 0 log 0 is 0 and no
    infinity meets a zero in a gradient. ``scores`` is None where the input was not on a log scale.
    """

    probabilities: Any
    log_probabilities: Any
    support: Any
    scores: Scores | None


def read(xp: ModuleType, values: Any, name: str, *, kind: Kind, dim: Dim, normalize: bool) -> Distribution:
    """The distributions along ``dim`` of ``values``, moved to the last axis and validated."""
    _check_dtype(values, name, kind)
    rows = class_axis_last(xp, values, name, dim)
    logarithms = kind in ("logits", "log_probabilities")
    must_sum_to_one = kind in ("probabilities", "log_probabilities") and not normalize
    tolerance = sum_tolerance(xp, rows, logarithms=logarithms) if must_sum_to_one else None
    rows = working(xp, rows)
    if logarithms:
        check_scores(xp, rows, name, tolerance=tolerance)
        return _from_scores(xp, rows)
    check_weights(xp, rows, name, kind=kind, tolerance=tolerance)
    return _from_weights(xp, rows)


def axes(values: Any, name: str, dim: Dim) -> tuple[int, ...]:
    """The axes that ``dim`` means in ``values``, none negative."""
    given = (dim,) if isinstance(dim, int) else dim
    if not isinstance(given, tuple) or not given or any(type(axis) is not int for axis in given):
        raise TypeError(f"`dim` must be an integer or a tuple of integers, got {dim!r}.")
    if any(not -values.ndim <= axis < values.ndim for axis in given):
        raise ValueError(f"`dim`={dim} is out of range for `{name}` of shape {tuple(values.shape)}.")
    found = tuple(axis % values.ndim for axis in given)
    if len(set(found)) < len(found):
        raise ValueError(f"`dim`={dim} names an axis of `{name}`, of shape {tuple(values.shape)}, twice.")
    return found


def class_axis_last(xp: ModuleType, values: Any, name: str, dim: Dim) -> Any:
    """``values`` with the axes of the distribution moved to the end and made one."""
    found = axes(values, name, dim)
    ends = tuple(range(-len(found), 0))
    moved = xp.moveaxis(values, found, ends)
    rows = (
        moved
        if len(found) == 1
        else xp.reshape(moved, (*moved.shape[: -len(found)], math.prod(moved.shape[-len(found) :])))
    )
    if rows.shape[-1] == 0:
        raise ValueError(f"`{name}` has no classes along `dim`={dim}: its shape is {tuple(values.shape)}.")
    return rows


def log_normalize(xp: ModuleType, scores: Any, support: Any) -> tuple[Any, Any, Any]:
    """Log-softmax of finite ``scores`` over ``support``, and the log-sum-exp as top and log1p(rest).

    The largest is left out of the sum: log(1 + rest) would round away a rest below 1e-7 in float32, and with
    it the logarithm of a probability near one. A row without support yields zeros.
    """
    largest = xp.argmax(xp.where(support, scores, -math.inf), axis=-1, keepdims=True)
    is_top = positions(xp, scores) == largest
    # A sum over the one-hot mask, for its gradient: that of a maximum is shared among ties.
    top = xp.sum(xp.where(is_top, scores, 0.0), axis=-1, keepdims=True)
    relative = xp.where(support, scores - top, 0.0)
    rest = row_sum(xp, xp.where(support & ~is_top, xp.exp(relative), 0.0))
    log_rest = xp.astype(xp.log1p(rest), scores.dtype)
    return xp.where(support, relative - log_rest, 0.0), top, log_rest


def read_pair(
    xp: ModuleType, p: Any, q: Any, *, input: Kind | tuple[Kind, Kind], dim: Dim, normalize: bool
) -> tuple[Distribution, Distribution]:
    """The distributions of ``p`` and of ``q``, whose rows broadcast against each other."""
    kind_p, kind_q = kinds(input, "p", "q")
    _check_shapes(p, q, dim)
    return (
        read(xp, p, "p", kind=kind_p, dim=dim, normalize=normalize),
        read(xp, q, "q", kind=kind_q, dim=dim, normalize=normalize),
    )


def _check_shapes(p: Any, q: Any, dim: Dim) -> None:
    shapes = f"`p` has shape {tuple(p.shape)} and `q` {tuple(q.shape)}"
    axes_p, axes_q = axes(p, "p", dim), axes(q, "q", dim)
    if p.ndim != q.ndim and max(dim if isinstance(dim, tuple) else (dim,)) >= 0:
        raise ValueError(f"{shapes}, which broadcast from the end: count `dim` from the end too, got dim={dim}.")
    if [p.shape[axis] for axis in axes_p] != [q.shape[axis] for axis in axes_q]:
        raise ValueError(f"`p` and `q` must have the same classes along `dim`={dim}, but {shapes}.")
    rows_p = [size for axis, size in enumerate(p.shape) if axis not in axes_p]
    rows_q = [size for axis, size in enumerate(q.shape) if axis not in axes_q]
    aligned = zip(reversed(rows_p), reversed(rows_q), strict=False)
    if any(size != other and 1 not in (size, other) for size, other in aligned):
        raise ValueError(f"the rows of `p` and `q` must be equally many or broadcast, but {shapes}; `dim`={dim}.")


def kinds(input: Kind | tuple[Kind, ...], *names: str) -> tuple[Kind, ...]:
    """The kind of input of each of the arguments ``names``."""
    given = (input,) * len(names) if isinstance(input, str) else input
    if isinstance(given, tuple) and len(given) == len(names) and all(kind in KINDS for kind in given):
        return given
    choices = ", ".join(f'"{kind}"' for kind in KINDS)
    pair = f", or a pair of them, for {' and '.join(f'`{name}`' for name in names)}" if len(names) > 1 else ""
    raise ValueError(f"`input` must be one of {choices}{pair}; got {input!r}.")


def _from_weights(xp: ModuleType, weights: Any) -> Distribution:
    support = weights > 0
    logs = xp.log(xp.where(support, weights, 1.0))
    log_probabilities, _, _ = log_normalize(xp, logs, support)
    probabilities = weights / xp.astype(row_sum(xp, weights), weights.dtype)
    return Distribution(probabilities, log_probabilities, support, None)


def _from_scores(xp: ModuleType, values: Any) -> Distribution:
    support = values > -math.inf
    finite = xp.where(support, values, 0.0)
    log_probabilities, top, log_rest = log_normalize(xp, finite, support)
    probabilities = xp.where(support, xp.exp(log_probabilities), 0.0)
    return Distribution(probabilities, log_probabilities, support, Scores(finite, top, log_rest))


def _check_dtype(values: Any, name: str, kind: Kind) -> None:
    dtype = dtype_name(values)
    if dtype in FLOATING or (kind == "counts" and dtype in INTEGER):
        return
    if dtype in INTEGER:
        raise TypeError(
            f'`{name}` must be floating point for input="{kind}", got {dtype}. For counts pass '
            'input="counts"; class indices belong in xent.functional.cross_entropy, or become one-hot rows.'
        )
    raise TypeError(f"`{name}` must be float16, bfloat16, float32 or float64, got {dtype}.")
