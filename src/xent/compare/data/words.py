"""What a file holds, in the words of an error."""

from collections.abc import Iterable

import numpy as np

# More names than this make no line that somebody reads.
MOST_NAMES = 12
# By numpy's letter for the kind of an array; numbers are called by their type.
_KINDS = {"U": "texts", "S": "texts", "M": "times", "m": "durations"}


def kind_of(values: np.ndarray) -> str:
    """Such as ``texts`` or ``complex128``."""
    return _KINDS.get(values.dtype.kind, str(values.dtype))


def listed(names: Iterable[str]) -> str:
    """The names, but for those after the first twelve."""
    every = list(names)
    return ", ".join([*every[:MOST_NAMES], *(["..."] if len(every) > MOST_NAMES else [])]) or "none"
