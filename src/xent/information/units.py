"""Units of information."""

import math


def nats_per_unit(base: float) -> float:
    """The size in nats of the unit that logarithms to ``base`` count: 1 for e, log 2 (a bit) for 2."""
    if isinstance(base, bool) or not isinstance(base, (int, float)):
        raise TypeError(f"`base` must be a number, got {base!r}.")
    if not 0 < base < math.inf or base == 1:
        raise ValueError(f"`base` must be above 0, finite and not 1, got {base}. For bits pass 2, for nats math.e.")
    return math.log(base)
