"""npz: arrays in a zip archive, read chunk by chunk out of it, compressed or not."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO

import numpy as np

from xent.jobs import InputError
from xent.predictions.formats.arrays import ArrayFile, Take, values_of
from xent.predictions.formats.errors import file_size, reading
from xent.predictions.formats.header import ERRORS, Header, read_header, refuse_objects
from xent.predictions.formats.source import Field, Values

# RuntimeError and NotImplementedError: an archive with a password, or compressed in a way that Python does not know.
ZIP_ERRORS = (*ERRORS, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError)

# An array stored column by column has to be held whole to be read by row.
MOST_BY_COLUMN = 2**28


@dataclass(frozen=True)
class NpzFile(ArrayFile):
    """An npz archive. Rows far into it can be had by reading those before them, too."""

    path: str
    size: int
    headers: tuple[Header, ...]
    fields: tuple[Field, ...]
    errors = ZIP_ERRORS
    seekable = False

    @contextmanager
    def opened(self) -> Iterator[Take]:
        """Every array that is asked for is a stream of its own."""
        headers = {header.field.name: header for header in self.headers}
        with ExitStack() as stack:
            archive = stack.enter_context(zipfile.ZipFile(self.path))
            members: dict[str, _Member] = {}

            def take(name: str, start: int, stop: int) -> Values:
                if name not in members:
                    refuse_objects(self.path, headers[name])
                    stream = stack.enter_context(archive.open(f"{name}.npy"))
                    members[name] = _Member(self.path, headers[name], stream)
                return values_of(members[name].take(start, stop))

            yield take


class _Member:
    """An array within an archive, read forward."""

    def __init__(self, path: str, header: Header, stream: IO[bytes]) -> None:
        self._path = path
        self._header = header
        self._stream = stream
        self._columns: np.ndarray | None = None

    def take(self, start: int, stop: int) -> np.ndarray:
        header = self._header
        if header.by_column:
            return self._whole()[start:stop]
        offset = header.offset + start * header.row_bytes
        if self._stream.tell() != offset:
            self._stream.seek(offset)
        return self._read((stop - start, *header.row_shape))

    def _read(self, shape: tuple[int, ...]) -> np.ndarray:
        array = np.empty(shape, self._header.dtype)
        buffer = array.reshape(-1).view(np.uint8).data if array.nbytes else memoryview(b"")
        filled = 0
        while filled < len(buffer):
            count = self._stream.readinto(buffer[filled:])  # type: ignore[attr-defined]
            if not count:
                raise InputError(f"{self._path}: {self._header.field.name!r} is cut off: write the file again")
            filled += count
        return array

    def _whole(self) -> np.ndarray:
        if self._columns is None:
            if self._header.values_bytes > MOST_BY_COLUMN:
                raise InputError(
                    f"{self._path}: {self._header.field.name!r} is stored column by column, and too large to be read "
                    "so: save np.ascontiguousarray(...) of it"
                )
            self._stream.seek(self._header.offset)
            self._columns = self._read(self._header.shape[::-1]).T
        return self._columns


def open_npz(path: str) -> NpzFile:
    """Open an npz archive."""
    size = file_size(path)
    headers = []
    with reading(path, *ZIP_ERRORS), zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.filename.endswith(".npy"):
                with archive.open(member) as stream:
                    name = member.filename.removesuffix(".npy")
                    headers.append(read_header(path, name, stream, member.file_size))
    return NpzFile(path, size, tuple(headers), tuple(header.field for header in headers))
