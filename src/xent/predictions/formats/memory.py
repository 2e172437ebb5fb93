"""Tensors that are in memory already."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from xent.predictions.formats.arrays import ArrayFile, Take, field_of
from xent.predictions.formats.source import Field, Texts, Values


@dataclass(frozen=True, eq=False)
class Memory(ArrayFile):
    """Tensors by name; pickled, they go along whole."""

    path: str
    size: int
    fields: tuple[Field, ...]
    tensors: Mapping[str, Values] = field(repr=False)

    @contextmanager
    def opened(self) -> Iterator[Take]:
        """Views of the tensors."""
        yield self._take

    def _take(self, name: str, start: int, stop: int) -> Values:
        return self.tensors[name][start:stop]


def open_memory(path: str, tensors: Mapping[str, Values]) -> Memory:
    """Tensors or strings by name, called ``path`` in messages."""
    fields = tuple(_field(name, values) for name, values in tensors.items())
    numbers = [values.codes if isinstance(values, Texts) else values for values in tensors.values()]
    return Memory(path, sum(values.numel() * values.element_size() for values in numbers), fields, tensors)


def _field(name: str, values: Values) -> Field:
    if isinstance(values, Texts):
        return Field(name, "string", (), len(values))
    return field_of(name, values.dtype, tuple(values.shape))
