"""What a watch is told, checked."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

from xent.linter import Rule, choose, count_tensor
from xent.watcher import rules as _rules  # noqa: F401  (registers them)

if TYPE_CHECKING:
    from xent.imbalance import Counts


@dataclass(frozen=True, eq=False)
class Settings:
    """Settings of a watch.

    Attributes:
        counts: Rows of every class in training.
        rules: Those that look at a call.
        rules_over_time: Those that look at what was seen over time.
        share: Of the time, for observing.
        every: Every so-manieth call of a place is looked at, in place of ``share``.
        step: Optimizer steps before the watch.
    """

    counts: Tensor | None
    rules: tuple[Rule, ...]
    rules_over_time: tuple[Rule, ...]
    share: float
    every: int | None
    step: int | None


def settle(
    counts: "Counts | None",
    select: Iterable[str],
    ignore: Iterable[str],
    share: float,
    every: int | None,
    step: int | None,
) -> Settings:
    """The settings of :func:`xent.watch`.

    Raises:
        TypeError: One has the wrong type.
        ValueError: One is outside its domain.
    """
    if isinstance(share, bool) or not isinstance(share, (int, float)):
        raise TypeError(f"watch: `share` must be a number, not {type(share).__name__}.")
    if not 0 < share <= 1:
        raise ValueError(
            f"watch: `share` must be above 0 and at most 1, got {share}. 0.005 is half a percent of the time."
        )
    _whole("every", every, least=1)
    _whole("step", step, least=0)
    select, ignore = _codes(select), _codes(ignore)
    return Settings(
        counts=count_tensor(counts, "watch"),
        rules=choose(select, ignore),
        rules_over_time=choose(select, ignore, over_time=True),
        share=share,
        every=every,
        step=step,
    )


def _whole(name: str, value: int | None, least: int) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"watch: `{name}` must be a whole number or None, not {type(value).__name__}.")
    if value < least:
        raise ValueError(f"watch: `{name}` must be at least {least}, got {value}.")


def _codes(codes: Iterable[str]) -> tuple[str, ...]:
    return (codes,) if isinstance(codes, str) else tuple(codes)
