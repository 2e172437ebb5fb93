"""The header of NumPy's own format, which npy files and the members of npz files begin with."""

import warnings
from dataclasses import dataclass
from tokenize import TokenError
from typing import IO

import numpy as np
from numpy.lib import format as npy

from xent.jobs import InputError
from xent.predictions.formats.arrays import check_row, field_of
from xent.predictions.formats.source import Field

# What a damaged header makes numpy raise: it is a Python literal, evaluated.
ERRORS = (ValueError, EOFError, TypeError, SyntaxError, KeyError, RecursionError, OverflowError, TokenError)


@dataclass(frozen=True)
class Header:
    """What stands before the values.

    Attributes:
        field: The array's name, kind and shape.
        dtype: Of a value.
        shape: Of the array.
        by_column: Whether values of a column, not of a row, lie side by side (Fortran order).
        offset: Where the values begin, in bytes.
    """

    field: Field
    dtype: np.dtype
    shape: tuple[int, ...]
    by_column: bool
    offset: int

    @property
    def row_bytes(self) -> int:
        """Bytes of a row."""
        return int(np.prod(self.shape[1:], dtype=object)) * self.dtype.itemsize

    @property
    def values_bytes(self) -> int:
        """Bytes of all values."""
        return int(np.prod(self.shape, dtype=object)) * self.dtype.itemsize

    @property
    def row_shape(self) -> tuple[int, ...]:
        """The shape of a row."""
        return self.shape[1:]


def read_header(path: str, name: str, stream: IO[bytes], size: int) -> Header:
    """Read the header that ``stream`` begins with.

    Args:
        path: For errors.
        name: What to call the array.
        stream: At its beginning.
        size: Bytes that there are, header included.

    Raises:
        InputError: The values do not fill what there is.
        ValueError: And others of ERRORS: it is no header.
    """
    version = npy.read_magic(stream)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    with warnings.catch_warnings():
        # Of headers in the manner of Python 2.
        warnings.simplefilter("ignore", UserWarning)
        shape, by_column, dtype = read(stream)
    if any(length < 0 for length in shape):
        raise ValueError(f"the array {name!r} has the shape {shape}")
    header = Header(field_of(name, dtype, shape), dtype, shape, by_column and len(shape) > 1, stream.tell())
    there = size - header.offset
    if dtype.hasobject:
        # Pickled: how long that is, nobody knows, and nobody is to unpickle it.
        return header
    if header.values_bytes != there:
        raise InputError(
            f"{path}: {name!r} should hold {header.values_bytes} bytes, {shape} of {dtype}, but has {there}: "
            "it is cut off or damaged, write it again"
        )
    check_row(path, header.field, dtype.itemsize)
    return header


def refuse_objects(path: str, header: Header) -> None:
    """Refuse an array of pickled objects, where it is to be read."""
    if header.dtype.hasobject:
        raise InputError(
            f"{path}: {header.field.name!r} holds pickled objects, which are not loaded since they could run code: "
            "save numbers, or strings with astype(str)"
        )
