"""Tensors of a file that is mapped whole, let go from time to time."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor

from xent.predictions.formats.arrays import Take

# What is read of a mapped file counts as memory of this process until it is mapped anew: after so many bytes.
HELD = 2**28


@contextmanager
def mapped(open_file: Callable[[], Mapping[str, Any]]) -> Iterator[Take]:
    """Rows of what ``open_file`` gives by name, tensors or what becomes tensors by slicing."""
    arrays = open_file()
    taken = 0

    def take(name: str, start: int, stop: int) -> Tensor:
        nonlocal arrays, taken
        if taken > HELD:
            arrays, taken = open_file(), 0
        rows: Tensor = arrays[name][start:stop]
        taken += rows.numel() * rows.element_size()
        return rows

    yield take
