"""How sure a figure is: intervals by the bootstrap."""

from typing import NamedTuple

import numpy as np
from torch import Tensor

RESAMPLES = 500
COVERED = 0.95

# Row numbers drawn at a time.
DRAWN = 1 << 24


class Interval(NamedTuple):
    """A figure, and where it may lie with 95% confidence."""

    value: float
    low: float
    high: float


def mean_intervals(values: Tensor, seed: int = 0) -> list[Interval]:
    """Means of the columns of ``values`` (n, k), with intervals from resampling the rows.

    Efron & Tibshirani, An Introduction to the Bootstrap, 1993 (percentile method).
    """
    table = values.double().numpy()
    rows = len(table)
    generator = np.random.default_rng(seed)
    at_once = max(1, DRAWN // rows)
    means: list[np.ndarray] = []
    for first in range(0, RESAMPLES, at_once):
        drawn = generator.integers(0, rows, (min(at_once, RESAMPLES - first), rows))
        means.extend(np.bincount(one, minlength=rows) @ table / rows for one in drawn)
    tail = (1 - COVERED) / 2
    low, high = np.quantile(np.array(means), [tail, 1 - tail], axis=0)
    return [Interval(*map(float, one)) for one in zip(table.mean(0), low, high, strict=True)]


def normal_interval(value: float, error: float) -> Interval:
    """The interval of an estimate with a standard error."""
    return Interval(value, value - 1.96 * error, value + 1.96 * error)
