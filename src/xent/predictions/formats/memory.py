"""Tensors that are in memory already."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from torch import Tensor

from xent.predictions.formats.arrays import ArrayFile, Take, field_of
from xent.predictions.formats.source import Field, Values


@dataclass(frozen=True, eq=False)
class Memory(ArrayFile):
    """Tensors by name; pickled, they go along whole."""

    path: str
    size: int
    fields: tuple[Field, ...]
    tensors: dict[str, Tensor] = field(repr=False)

    @contextmanager
    def opened(self) -> Iterator[Take]:
        """Views of the tensors."""
        yield self._take

    def _take(self, name: str, start: int, stop: int) -> Values:
        return self.tensors[name][start:stop]


def open_memory(path: str, tensors: dict[str, Tensor]) -> Memory:
    """Tensors by name, called ``path`` in messages."""
    fields = tuple(field_of(name, tensor.dtype, tuple(tensor.shape)) for name, tensor in tensors.items())
    size = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    return Memory(path, size, fields, tensors)
