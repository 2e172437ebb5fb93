"""The classes from head to tail, as the plots' horizontal axis; many classes in groups of neighbours."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

# More points than these cannot be told apart on a laptop's screen, and would make the file large.
MOST_POINTS = 60
LONGEST_NAME = 32


@dataclass(frozen=True)
class Classes:
    """The classes in the order of falling counts.

    Attributes:
        order: The classes from head to tail, (C,).
        names: Their names in that order.
        counts: Their counts in that order, (C,).
        counted: What the counts are of.
    """

    order: np.ndarray
    names: tuple[str, ...]
    counts: np.ndarray
    counted: str = "training rows"

    @cached_property
    def groups(self) -> list[np.ndarray]:
        """The ranks that share a point: one each, or neighbours where there are many classes."""
        classes = len(self.order)
        return np.array_split(np.arange(classes), min(classes, MOST_POINTS))

    @property
    def grouped(self) -> bool:
        """Whether a point stands for several classes."""
        return len(self.groups) < len(self.order)

    @cached_property
    def labels(self) -> list[str]:
        """What each point is called."""
        return [self._label(group) for group in self.groups]

    @cached_property
    def rows(self) -> list[str]:
        """The counts of each point's classes, as text."""
        return [_range(self.counts[group]) for group in self.groups]

    @property
    def prior(self) -> np.ndarray:
        """Share of the counts (of indicators: of the positives) of each point, (points,)."""
        rows = np.array([self.counts[group].sum() for group in self.groups])
        share: np.ndarray = rows / rows.sum()
        return share

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Mean over the classes of each point, of values by class (..., C) in the data's order; NaN is left out."""
        return self._gathered(np.ma.masked_invalid(values), np.ma.mean)

    def total(self, values: np.ndarray) -> np.ndarray:
        """Sum over the classes of each point, of values by class (..., C) in the data's order."""
        return self._gathered(values, np.sum)

    def _gathered(self, values: np.ndarray, gather: Callable[..., np.ndarray]) -> np.ndarray:
        from_head = values[..., self.order]
        gathered = [np.ma.filled(gather(from_head[..., group], axis=-1), np.nan) for group in self.groups]
        return np.stack(gathered, axis=-1)

    def _label(self, group: np.ndarray) -> str:
        first, last = short(self.names[group[0]]), short(self.names[group[-1]])
        return first if len(group) == 1 else f"{first} … {last} ({len(group)} classes)"


def short(name: str, longest: int = LONGEST_NAME) -> str:
    """A name, cut if it would take the room of others."""
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def _range(counts: np.ndarray) -> str:
    least, most = f"{counts.min():.0f}", f"{counts.max():.0f}"
    return least if least == most else f"{least} to {most}"
