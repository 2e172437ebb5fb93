"""Settings of the core that a loss outside of it has no place for, each with the reason."""

from collections.abc import Mapping
from typing import Any

from xent.presets.settings import SigmoidArguments

__all__ = ["refuse"]


def refuse(name: str, given: Mapping[str, Any], reasons: Mapping[str, str]) -> None:
    """Refuse settings that a multi-label loss cannot honour.

    Args:
        name: The loss, as its user calls it; for errors.
        given: The user's settings.
        reasons: For each setting without a place, why that is so and what to do instead.

    Raises:
        TypeError: One of them is given, or one that no multi-label loss has.
    """
    for setting in given:
        if setting in reasons:
            raise TypeError(f"{name}: `{setting}` has no place here: {reasons[setting]}.")
        if setting not in SigmoidArguments.__annotations__:
            raise TypeError(f"{name}() got an unexpected keyword argument '{setting}'")
