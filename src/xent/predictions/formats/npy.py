"""npy: one array, mapped into memory a window at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from xent.predictions.formats.arrays import ArrayFile, Take, values_of
from xent.predictions.formats.errors import file_size, reading
from xent.predictions.formats.header import ERRORS, Header, read_header, refuse_objects
from xent.predictions.formats.source import Field, Values


@dataclass(frozen=True)
class NpyFile(ArrayFile):
    """An npy file."""

    path: str
    size: int
    header: Header
    fields: tuple[Field, ...]
    errors = ERRORS

    @contextmanager
    def opened(self) -> Iterator[Take]:
        """Each piece is mapped by itself, and so what was read does not stay in this process."""
        refuse_objects(self.path, self.header)
        yield self._take

    def _take(self, name: str, start: int, stop: int) -> Values:  # noqa: ARG002 (there is one array)
        header = self.header
        whole = header.shape or (1,)
        if header.by_column:
            return values_of(np.memmap(self.path, header.dtype, "c", header.offset, whole, order="F")[start:stop])
        if start == stop or not header.row_bytes:
            return values_of(np.empty((stop - start, *whole[1:]), header.dtype))
        # Copy on write: torch warns of arrays that are read-only, and nobody can write to the file through these.
        offset = header.offset + start * header.row_bytes
        return values_of(np.memmap(self.path, header.dtype, "c", offset, (stop - start, *whole[1:])))


def open_npy(path: str, name: str) -> NpyFile:
    """Open an npy file, whose array is called ``name``."""
    size = file_size(path)
    with reading(path, *ERRORS), open(path, "rb") as stream:
        header = read_header(path, name, stream, size)
    return NpyFile(path, size, header, (header.field,))
