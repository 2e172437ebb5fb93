"""What the formats that hold arrays share: npy, npz, safetensors, torch, and tensors in memory."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from xent.jobs import InputError
from xent.predictions.formats.errors import reading
from xent.predictions.formats.source import Field, FieldKind, Texts, Values

# More classes than this are rows taken for classes, or a damaged header: a row would be 64 MiB of float32.
MOST_CLASSES = 2**24


class Take(Protocol):
    """Rows ``start`` to ``stop`` of an array."""

    def __call__(self, name: str, start: int, stop: int) -> Values: ...  # noqa: D102


class ArrayFile:
    """A file of named arrays, any rows of which can be read; a subclass says how it is opened."""

    path: str
    size: int
    fields: tuple[Field, ...]
    seekable = True
    # What the format's reader raises of a damaged file.
    errors: tuple[type[Exception], ...] = ()

    def opened(self) -> AbstractContextManager[Take]:
        """The file, open."""
        raise NotImplementedError

    def boundary(self, row: int) -> int:
        """Arrays can be cut anywhere."""
        return row

    def read(
        self, groups: Sequence[tuple[str, ...]], start: int, stop: int | None, rows: int
    ) -> Iterator[list[Values]]:
        """See Source."""
        end = stop if stop is not None else self._rows(groups[0][0])
        with reading(self.path, *self.errors), self.opened() as take:
            for first in range(start, end, rows):
                yield [_joined([take(name, first, min(end, first + rows)) for name in group]) for group in groups]

    def _rows(self, name: str) -> int:
        return next(field.rows or 0 for field in self.fields if field.name == name)


def field_of(name: str, dtype: np.dtype | torch.dtype, shape: tuple[int, ...]) -> Field:
    """The field of an array; a lone number is an array of one row."""
    row, rows = (shape[1:], shape[0]) if shape else ((), 1)
    return Field(name, _torch_kind(dtype) if isinstance(dtype, torch.dtype) else _numpy_kind(dtype), row, rows)


def check_row(path: str, field: Field, itemsize: int) -> None:
    """Refuse to make room for a row that is larger than any row of scores."""
    if int(np.prod(field.shape, dtype=object)) * itemsize > MOST_CLASSES * 8:
        raise InputError(f"{path}: a row of {field} is too long for scores of classes: is it transposed, or damaged?")


def values_of(array: np.ndarray) -> Values:
    """A NumPy array in a dtype that torch computes with, not copied where that can be."""
    if array.dtype.kind in "UST":
        return texts_of(array.astype(str))
    if array.dtype.kind == "V":
        # numpy.save knows bfloat16 as two bytes of nothing.
        return torch.from_numpy(np.ascontiguousarray(array).view(np.int16)).view(torch.bfloat16)
    if array.dtype.kind == "u" and array.dtype.itemsize > 1:
        return torch.from_numpy(array.astype(np.int64))
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        return torch.from_numpy(array.astype(np.float64))
    return torch.from_numpy(np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("=")))


def texts_of(array: np.ndarray) -> Texts:
    """Strings of an array, (n,)."""
    words, codes = np.unique(array, return_inverse=True)
    return Texts(tuple(str(word) for word in words), torch.from_numpy(codes.reshape(-1).astype(np.int64)))


def _joined(columns: list[Values]) -> Values:
    if len(columns) == 1:
        return columns[0]
    return torch.stack([column for column in columns if isinstance(column, Tensor)], dim=1)


def _numpy_kind(dtype: np.dtype) -> FieldKind:
    if dtype.kind == "V":
        return "floating" if dtype.itemsize == 2 and dtype.names is None and dtype.subdtype is None else "other"
    kinds: dict[str, FieldKind] = {
        "b": "boolean",
        "i": "integer",
        "u": "integer",
        "f": "floating",
        "U": "string",
        "S": "string",
        "T": "string",
    }
    return kinds.get(dtype.kind, "other")


def _torch_kind(dtype: torch.dtype) -> FieldKind:
    if dtype.is_floating_point:
        return "floating"
    if dtype.is_complex:
        return "other"
    return "boolean" if dtype == torch.bool else "integer"
