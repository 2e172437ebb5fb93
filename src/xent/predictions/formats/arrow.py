"""Columns of pyarrow, as tensors: what csv and parquet share."""

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xent.jobs import InputError
from xent.predictions.formats.errors import missing
from xent.predictions.formats.source import Field, FieldKind, Texts, Values

# Read of a parquet column at a time, and of a csv file (of which pyarrow reads up to 32 such blocks ahead).
BLOCK = 2**20


def pyarrow_for(path: str) -> ModuleType:
    """The library, or the error that says how to get it."""
    try:
        import pyarrow
    except ImportError as error:
        raise missing("pyarrow", path) from error
    module: ModuleType = pyarrow
    return module


def arrow_errors(path: str) -> tuple[type[Exception], ...]:
    """What pyarrow raises of a damaged file."""
    arrow = pyarrow_for(path)
    return (arrow.ArrowException, ValueError, TypeError, KeyError, OverflowError, MemoryError)


def kind_of(dtype: Any) -> FieldKind:
    """What the values of an arrow type, or of its rows, are."""
    from pyarrow import types

    if types.is_dictionary(dtype) or _is_list(dtype):
        return kind_of(dtype.value_type)
    tests: tuple[tuple[Any, FieldKind], ...] = (
        (types.is_boolean, "boolean"),
        (types.is_integer, "integer"),
        (types.is_floating, "floating"),
        (types.is_decimal, "floating"),
        (types.is_string, "string"),
        (types.is_large_string, "string"),
    )
    return next((kind for test, kind in tests if test(dtype)), "other")


def field_of(name: str, column: Any, rows: int | None = None) -> Field:
    """The field of a column, of whose rows ``column`` holds the first, or none."""
    if not _is_list(column.type):
        return Field(name, kind_of(column.type), (), rows)
    length = len(column[0].as_py() or ()) if len(column) else 0
    return Field(name, kind_of(column.type), (length,), rows)


def groups_of(
    path: str, batch: Any, fields: dict[str, Field], groups: Sequence[tuple[str, ...]], row: int
) -> list[Values]:
    """The values of each group of columns; ``row`` is the number of the batch's first."""
    return [_group(path, batch, [fields[name] for name in group], row) for group in groups]


def _group(path: str, batch: Any, fields: list[Field], row: int) -> Values:
    if len(fields) == 1:
        return _column(path, batch.column(fields[0].name), fields[0], row)
    columns = [_numbers(batch.column(field.name)) for field in fields]
    matrix = np.empty((len(batch), len(columns)), np.result_type(*columns))
    for k, column in enumerate(columns):
        matrix[:, k] = column
    return torch.from_numpy(matrix)


def _column(path: str, column: Any, field: Field, row: int) -> Values:
    if field.shape:
        return _lists(path, column, field, row)
    if field.kind == "string":
        return _texts(column)
    return _tensor(_numbers(column))


def _numbers(column: Any) -> np.ndarray:
    """Values of a column; where there is none, nan."""
    from pyarrow import types

    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if types.is_decimal(column.type):
        column = column.cast("float64")
    if column.null_count and not types.is_floating(column.type):
        column = column.cast("int8").cast("float64") if types.is_boolean(column.type) else column.cast("float64")
    array: np.ndarray = column.to_numpy(zero_copy_only=False)
    return array


def _texts(column: Any) -> Texts:
    encoded = column if hasattr(column, "dictionary") else column.dictionary_encode()
    codes = _tensor(encoded.indices.cast("int64").fill_null(-1).to_numpy(zero_copy_only=False))
    return Texts(tuple(str(word) for word in encoded.dictionary.to_pylist()), codes)


def _lists(path: str, column: Any, field: Field, row: int) -> Tensor:
    length = field.shape[0]
    import pyarrow.compute as compute

    lengths = compute.fill_null(compute.list_value_length(column), -1).to_numpy(zero_copy_only=False)
    wrong = np.flatnonzero(lengths != length)
    if len(wrong):
        at = int(wrong[0])
        found = "no list" if lengths[at] < 0 else f"a list of {lengths[at]}"
        raise InputError(f"{path}: {field.name!r} holds {found} in row {row + at}, and lists of {length} before")
    return _tensor(_numbers(column.flatten()).reshape(len(column), length))


def _tensor(array: np.ndarray) -> Tensor:
    if array.dtype.kind == "u" and array.dtype.itemsize > 1:
        return torch.from_numpy(array.astype(np.int64))
    # A copy, if arrow holds the memory: torch warns of arrays that are read-only.
    return torch.from_numpy(array if array.flags.writeable else array.copy())


def _is_list(dtype: Any) -> bool:
    from pyarrow import types

    return bool(types.is_list(dtype) or types.is_large_list(dtype) or types.is_fixed_size_list(dtype))
