"""Measures for the plots' axes, in the units of the tables."""

import numpy as np

from xent.compare import Measure
from xent.report import numbers

_PER_UNIT = {"fraction": 100.0, "nats": 1.0, "seconds": 1e6}


def in_unit(measure: Measure, values: np.ndarray) -> np.ndarray:
    """Values of a measure as people read them: percent, nats, microseconds."""
    return values * _PER_UNIT[measure.unit]


def axis_title(measure: Measure) -> str:
    """Such as ``NLL, nats (less is better)``."""
    return f"{measure.title}, {numbers.unit(measure)}{'' if measure.higher_is_better else ' (less is better)'}"
