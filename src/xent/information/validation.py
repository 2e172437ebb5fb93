"""The values of the rows: is each a distribution of the kind that the caller named?

The checks read values, so they need concrete ones. Under torch.func's transforms an autograd.Function sees
through to them; under vmap a wrong row is therefore an error too, and its index begins with the mapped axis.
"""

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import torch

from xent.information.arrays import row_sum


def check_weights(xp: ModuleType, values: Any, name: str, *, kind: str, tolerance: float | None) -> None:
    """Every row holds finite numbers, none negative, not all zero; with a tolerance they sum to one."""

    def check(rows: Any) -> None:
        sums = row_sum(xp, rows)
        if not bool(xp.all(rows >= 0) & xp.all(sums > 0) & xp.all(xp.isfinite(sums))):
            _refuse_nan(xp, rows, name)
            _refuse_negative(xp, rows, name, kind)
            _refuse_where(xp, rows, xp.isinf(rows), name, "must be finite")
            _refuse_unscalable(xp, sums, name)
        if tolerance is not None:
            _refuse_sums(xp, sums, name, tolerance)

    _on_concrete(values, check)


def check_scores(xp: ModuleType, values: Any, name: str, *, tolerance: float | None) -> None:
    """Every row holds numbers or -inf, not all -inf; with a tolerance their exponentials sum to one."""
    # Beyond half the range, the difference of two scores can overflow.
    limit = float(xp.finfo(values.dtype).max) / 2

    def check(rows: Any) -> None:
        readable = (rows > -limit) & (rows < limit)
        legible = readable | (rows == -math.inf)
        if not bool(xp.all(legible) & xp.all(xp.any(readable, axis=-1))):
            _refuse_nan(xp, rows, name)
            _refuse_where(xp, rows, ~legible, name, "must be finite, or -inf for probability zero")
            _refuse_empty(xp, readable, name)
        if tolerance is not None:
            _refuse_sums(xp, row_sum(xp, xp.exp(rows)), f"exp({name})", tolerance)

    _on_concrete(values, check)


def sum_tolerance(xp: ModuleType, values: Any, *, logarithms: bool) -> float:
    """How far from one a row of distinct classes sums by rounding alone, in the dtype of ``values``."""
    classes: int = values.shape[-1]
    own, working = xp.finfo(values.dtype), xp.finfo(xp.float64 if values.dtype == xp.float64 else xp.float32)
    # A softmax errs by a few units in the last place of each entry, and by the square root of the number of
    # classes in its sum, which libraries form in float32 at least. Storing log p moves p by |log p| units, on
    # average over the row the entropy, at most log C. Below the smallest normal number entries are rounded
    # absolutely: float16 moves a millionth by more than a hundredth of it.
    units = 4 + (math.log(classes) if logarithms else 0.0)
    subnormal = float(own.smallest_normal) * float(own.eps)
    return units * float(own.eps) + math.sqrt(classes) * float(working.eps) + classes * subnormal


def _refuse_nan(xp: ModuleType, rows: Any, name: str) -> None:
    place = _first(xp, xp.isnan(rows))
    if place is not None:
        raise ValueError(f"`{name}` is nan at {_cell(place)}.")


def _refuse_negative(xp: ModuleType, rows: Any, name: str, kind: str) -> None:
    logarithms = ' For logits pass input="logits", for their log-softmax input="log_probabilities".'
    hint = "" if kind == "counts" else logarithms
    _refuse_where(xp, rows, rows < 0, name, f'must not be negative for input="{kind}"', hint)


def _refuse_where(xp: ModuleType, rows: Any, wrong: Any, name: str, rule: str, hint: str = "") -> None:
    place = _first(xp, wrong)
    if place is not None:
        raise ValueError(f"`{name}` {rule}, but is {float(rows[place]):g} at {_cell(place)}.{hint}")


def _refuse_empty(xp: ModuleType, readable: Any, name: str) -> None:
    place = _first(xp, ~xp.any(readable, axis=-1))
    if place is not None:
        raise ValueError(f"{_row(name, place)} is -inf throughout, which is no distribution. Leave such rows out.")


def _refuse_unscalable(xp: ModuleType, sums: Any, name: str) -> None:
    place = _first(xp, (sums == 0) | ~xp.isfinite(sums))
    if place is None:
        return
    if float(sums[place]) == 0:
        raise ValueError(f"{_row(name, place[:-1])} is zero throughout, which is no distribution. Leave such rows out.")
    raise ValueError(f"{_row(name, place[:-1])} has a sum beyond the range of float64. Scale it down.")


def _refuse_sums(xp: ModuleType, sums: Any, name: str, tolerance: float) -> None:
    place = _first(xp, xp.abs(sums - 1) > tolerance)
    if place is None:
        return
    excess = float(sums[place]) - 1
    off = f"{abs(excess):.2g} {'above' if excess > 0 else 'below'} one"
    raise ValueError(
        f"{_row(name, place[:-1])} sums to {1 + excess:.7g}, {off}; rounding explains {tolerance:.1g}. Pass "
        'normalize=True to divide each row by its sum, or say what the rows are: input="probabilities", '
        '"logits", "log_probabilities" or "counts".'
    )


def _first(xp: ModuleType, wrong: Any) -> tuple[int, ...] | None:
    places = xp.nonzero(wrong)
    if places[0].shape[0] == 0:
        return None
    return tuple(int(axis[0]) for axis in places)


def _row(name: str, place: tuple[int, ...]) -> str:
    if not place:
        return f"`{name}`"
    return f"Row {place[0] if len(place) == 1 else place} of `{name}`"


def _cell(place: tuple[int, ...]) -> str:
    *row, column = place
    if not row:
        return f"class {column}"
    return f"row {row[0] if len(row) == 1 else tuple(row)}, class {column}"


def _on_concrete(values: Any, check: Callable[[Any], None]) -> None:
    if isinstance(values, torch.Tensor):
        _look(values.detach(), check)
    else:
        with np.errstate(invalid="ignore", over="ignore"):  # what would warn is refused by name
            check(values)


class _Look(torch.autograd.Function):
    """Runs a check on the tensor beneath the transforms, and computes nothing."""

    @staticmethod
    def forward(values: torch.Tensor, check: Callable[[Any], None]) -> torch.Tensor:
        check(values)
        return values.new_zeros(())

    @staticmethod
    def setup_context(ctx: Any, _inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        ctx.mark_non_differentiable(output)

    @staticmethod
    def vmap(
        _info: Any, in_dims: tuple[Any, ...], values: torch.Tensor, check: Callable[[Any], None]
    ) -> tuple[torch.Tensor, None]:
        return _look(values.movedim(in_dims[0], 0), check), None


def _look(values: torch.Tensor, check: Callable[[Any], None]) -> torch.Tensor:
    seen: torch.Tensor = _Look.apply(values, check)  # type: ignore[no-untyped-call]
    return seen
