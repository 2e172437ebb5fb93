"""Measures as people read them: fractions in percent, nats as they are, seconds in microseconds."""

import numpy as np

from xent.compare import Measure, PairedDifference, Spread

_FACTOR = {"fraction": 100.0, "nats": 1.0, "seconds": 1e6}
_DECIMALS = {"fraction": 1, "nats": 2, "seconds": 0}
_UNIT = {"fraction": "%", "nats": "nats", "seconds": "µs"}


def unit(measure: Measure) -> str:
    """The unit that the numbers below are in."""
    return _UNIT[measure.unit]


def in_unit(measure: Measure, values: np.ndarray) -> np.ndarray:
    """Values of a measure in that unit."""
    return values * _FACTOR[measure.unit]


def axis_title(measure: Measure) -> str:
    """Such as ``NLL, nats (less is better)``."""
    return f"{measure.title}, {unit(measure)}{'' if measure.higher_is_better else ' (less is better)'}"


def spread(measure: Measure, value: Spread) -> str:
    """Such as ``85.5±2.0``; of one seed ``85.5``."""
    mean = _number(measure, value.mean)
    return mean if value.deviation is None else f"{mean}±{_number(measure, value.deviation)}"


def difference(measure: Measure, value: PairedDifference) -> str:
    """The mean difference with its sign, such as ``+9.3``."""
    return _number(measure, value.mean, sign="+")


def interval(measure: Measure, value: PairedDifference) -> str:
    """Such as ``+7.6 to +10.9``; of one seed a dash."""
    if value.low is None or value.high is None:
        return "-"
    return f"{_number(measure, value.low, sign='+')} to {_number(measure, value.high, sign='+')}"


def counted(count: int, of_what: str) -> str:
    """Such as ``1 run`` or ``5 runs``."""
    return f"{count} {of_what}{'' if count == 1 else 's'}"


def _number(measure: Measure, value: float, sign: str = "") -> str:
    decimals = _DECIMALS[measure.unit]
    # Plus 0, which takes the minus off what rounds to zero.
    shown = round(value * _FACTOR[measure.unit], decimals) + 0.0
    return f"{shown:{sign}.{decimals}f}"
