"""Numbers that are given to a function of a name, checked."""

import math


def number(
    function: str,
    argument: str,
    value: float,
    *,
    least: float = -math.inf,
    above: float = -math.inf,
    most: float = math.inf,
) -> float:
    """``value``, if it is a finite number in the domain.

    Args:
        function: What its user calls, a function or a class; for errors.
        argument: The name of the argument.
        value: What was given.
        least: It may be this, and above.
        above: It must be above this.
        most: It may be this, and below.

    Raises:
        TypeError: ``value`` is not a number.
        ValueError: It is outside the domain.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{function}: `{argument}` must be a number, not {type(value).__name__}.")
    if not (least <= value <= most and above < value and math.isfinite(value)):
        raise ValueError(f"{function}: `{argument}` must be {_domain(least, above, most)}, got {value}.")
    return value


def _domain(least: float, above: float, most: float) -> str:
    bounds = [f"at least {least:g}" if least > -math.inf else "", f"above {above:g}" if above > -math.inf else ""]
    bounds.append(f"at most {most:g}" if most < math.inf else "")
    return "finite, " + " and ".join(bound for bound in bounds if bound) if any(bounds) else "finite"
