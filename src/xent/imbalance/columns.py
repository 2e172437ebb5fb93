"""Columns of parquet and csv files, read piece by piece with pyarrow."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

# Rows read at a time from parquet, and bytes from csv and from the pages of a parquet column: large enough that the
# time goes to reading, and that a row of csv with a text in it fits. pyarrow reads up to 32 blocks of csv ahead, so
# that 80 MB are held for csv, however long it is, and 5 MB for parquet.
ROWS = 2**16
BYTES = 2**20

DELIMITERS = {".csv": ",", ".tsv": "\t"}
PARQUET = (".parquet", ".pq")


def column_batches(path: Path, columns: tuple[str, ...]) -> Iterator[Any]:
    """Record batches of these columns, in this order.

    Raises:
        ImportError: If pyarrow is not installed.
        OSError: If the file cannot be read.
        KeyError: If a column is not there.
        ValueError: If the file is no parquet or csv file, by its name or by what is in it.
    """
    arrow = _arrow()
    suffix = path.suffix.lower()
    if suffix not in (*PARQUET, *DELIMITERS):
        known = ", ".join((*PARQUET, *DELIMITERS))
        raise ValueError(f"counts_from_file: {path} must be a file of a kind that can be read: {known}.")
    try:
        yield from _parquet(path, columns) if suffix in PARQUET else _csv(path, columns, DELIMITERS[suffix])
    except arrow.ArrowInvalid as error:
        raise ValueError(f"counts_from_file: {path}: {error}") from error


def holds_strings(column: str, dtype: Any) -> bool:
    """Whether an arrow type holds names; else it holds class indices.

    Raises:
        TypeError: If it holds neither.
    """
    types = _arrow().types
    if types.is_string(dtype) or types.is_large_string(dtype):
        return True
    if types.is_integer(dtype) or types.is_boolean(dtype):
        return False
    advice = "" if not types.is_null(dtype) else ": it has no values at all"
    raise TypeError(f"counts_from_file: column {column!r} must hold integers or strings, got {dtype}{advice}.")


def _parquet(path: Path, columns: tuple[str, ...]) -> Iterator[Any]:
    from pyarrow import parquet

    # Without a buffer size, the whole column of a row group is read at once.
    with parquet.ParquetFile(path, buffer_size=BYTES, pre_buffer=False) as file:
        _check_columns(path, columns, file.schema_arrow.names)
        for batch in file.iter_batches(ROWS, columns=list(columns), use_threads=False):
            yield _plain(batch.select(columns))


def _csv(path: Path, columns: tuple[str, ...], delimiter: str) -> Iterator[Any]:
    from pyarrow import csv

    read = csv.ReadOptions(use_threads=False, block_size=BYTES)
    parse = csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    with csv.open_csv(path, read, parse) as file:
        _check_columns(path, columns, file.schema.names)
    # Only what is empty is missing: "NA" may be the name of a class.
    convert = csv.ConvertOptions(include_columns=columns, null_values=[""], strings_can_be_null=True)
    with csv.open_csv(path, read, parse, convert) as file:
        yield from file


def _plain(batch: Any) -> Any:
    """The batch with categories written out."""
    arrow = _arrow()
    arrays = [a.dictionary_decode() if arrow.types.is_dictionary(a.type) else a for a in batch.columns]
    return arrow.record_batch(arrays, names=batch.schema.names)


def _check_columns(path: Path, columns: tuple[str, ...], known: list[str]) -> None:
    for column in columns:
        if known.count(column) != 1:
            what = "no column" if column not in known else "more than one column"
            raise KeyError(f"counts_from_file: {path} has {what} {column!r}; its columns: {', '.join(known)}.")


def _arrow() -> ModuleType:
    # An extra, and so imported where it is needed and not with the package.
    try:
        import pyarrow
    except ImportError as error:
        raise ImportError('counts_from_file needs pyarrow: pip install "xent[imbalance]"') from error
    module: ModuleType = pyarrow
    return module
