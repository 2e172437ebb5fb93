"""Numbers as the page shows them."""

import math
from typing import NamedTuple

from xent.audit import Interval

NONE = "-"


class Cell(NamedTuple):
    """What a table shows, and what it is sorted by: a number as JavaScript reads it, or the text itself if empty."""

    text: str
    order: str = ""


def number(value: float | None, decimals: int = 4) -> str:
    """Such as ``0.8437``; infinity as its sign, what is no number as a dash."""
    if value is None or math.isnan(value):
        return NONE
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:,.{decimals}f}"


def percent(share: float | None) -> str:
    """Such as ``74.5%``."""
    return NONE if share is None or math.isnan(share) else f"{share:.1%}"


def interval(value: Interval, decimals: int = 3) -> str:
    """Such as ``0.388 to 0.527``."""
    return f"{number(value.low, decimals)} to {number(value.high, decimals)}"


def number_cell(value: float | None, decimals: int = 4) -> Cell:
    """A number to sort by."""
    return Cell(number(value, decimals), order(value))


def percent_cell(share: float | None) -> Cell:
    """A share to sort by."""
    return Cell(percent(share), order(share))


def order(value: float | None) -> str:
    """What JavaScript reads as this number; what is none comes last when the largest are first."""
    if value is None or math.isnan(value):
        return "-Infinity"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(float(value))
