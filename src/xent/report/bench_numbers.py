"""Times, ratios and memory as people read them."""

from xent.bench import Quartiles

_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def seconds(value: float) -> str:
    """Three digits and the unit that suits them, such as ``1.45 ms``."""
    factor, unit = next(((factor, unit) for factor, unit in _UNITS if value >= factor), _UNITS[-1])
    return f"{_digits(value / factor, 3)} {unit}"


def multiple(value: float) -> str:
    """Two digits, such as ``4.5``, ``22`` or ``0.61``."""
    return "<0.01" if value < 0.01 else _digits(value, 2)


def multiples(value: Quartiles) -> str:
    """The median, and the quartiles in parentheses: ``4.5 (4.3-4.7)``."""
    return f"{multiple(value.median)} ({multiple(value.low)}-{multiple(value.high)})"


def mebibytes(value: int | None) -> str:
    """Such as ``15.6``; "n/a" where it is not known. What lies below the kernel's resolution is none."""
    return "n/a" if value is None else f"{max(0.0, value / 2**20):.1f}"


def _digits(value: float, digits: int) -> str:
    """At least so many significant digits from 0.1 on, and never an exponent."""
    before_the_point = len(str(int(value))) if value >= 1 else 0
    return f"{value:.{max(0, digits - before_the_point)}f}"
