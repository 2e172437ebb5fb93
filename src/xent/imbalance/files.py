"""A column of a parquet or csv file -> how often each class is the label, read piece by piece."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xent.imbalance.columns import column_batches, holds_strings
from xent.imbalance.reading import Reading
from xent.imbalance.record import ClassCounts
from xent.imbalance.tally import IndexTally, IndicatorTally, NameTally


def counts_from_file(
    path: str | Path,
    column: str | Sequence[str],
    num_classes: int | None = None,
    *,
    names: Sequence[str] | None = None,
    ignore_index: int | None = -100,
    ignore_null: bool = False,
) -> ClassCounts:
    r"""Count how often each class is the label in a column of a file, in memory that does not grow with the file.

    Needs pyarrow: ``pip install "xent[imbalance]"``.

    Args:
        path: A file whose name ends in .parquet, .pq, .csv or .tsv (the latter two with a header line).
        column: The column of class indices or names; several columns of 0 and 1 for multi-label data, one a class.
        num_classes: C, for class indices. By default one more than the largest label.
        names: The classes in order, C names. String labels must be among them; by default those found, sorted.
        ignore_index: The label, or indicator, that is left out and reported in ``ignored``; None to leave out nothing.
        ignore_null: Whether to leave out missing values, too (in csv: empty ones), rather than to refuse them.

    Returns:
        :class:`ClassCounts`, on the CPU. The names of several columns are the classes' unless ``names`` says other.

    Raises:
        ImportError: If pyarrow is not installed.
        OSError: If the file cannot be read.
        KeyError: If there is no such column.
        TypeError: If the column holds neither integers nor strings, or an argument is of the wrong type.
        ValueError: If a label names no class or is missing, or the file is no parquet or csv file.

    Example:
        >>> import pathlib, tempfile
        >>> from xent.imbalance import counts_from_file
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "animals.csv"
        >>> size = path.write_text("animal,legs\ndog,4\nhen,2\ndog,4\n")
        >>> found = counts_from_file(path, "animal")
        >>> found.names, found.counts
        (('dog', 'hen'), tensor([2, 1]))
    """
    columns = (column,) if isinstance(column, str) else tuple(column)
    multi_label = not isinstance(column, str)
    given = tuple(names) if names is not None else columns if multi_label else None
    reading = Reading("counts_from_file", num_classes, given, multi_label, ignore_index)
    missing = _Missing(reading, ignore_null)
    batches = column_batches(Path(path), columns)
    return _count_indicators(batches, reading, missing) if multi_label else _count(batches, reading, missing)


class _Missing:
    """What becomes of null: the label that is ignored, or an error with the row."""

    def __init__(self, reading: Reading, ignore: bool) -> None:
        if not isinstance(ignore, bool):
            raise TypeError(f"counts_from_file: `ignore_null` must be True or False, not {ignore!r}.")
        if ignore and reading.ignore_index is None:
            raise ValueError("counts_from_file: ignore_null=True counts null as ignore_index, which is None. Give one.")
        self._ignore = ignore
        self._label = reading.ignore_index

    def check(self, column: str, array: Any, first_row: int) -> None:
        """Raise if there is a null that is not to be ignored."""
        if array.null_count and not self._ignore:
            row = first_row + array.is_null().index(True).as_py()
            raise ValueError(
                f"counts_from_file: column {column!r} has no value in row {row}. Pass ignore_null=True to leave such "
                "rows out."
            )

    def numbers(self, array: Any, dtype: str) -> Tensor:
        """``array`` as a tensor, with the ignored label for null."""
        return _tensor(array.cast(dtype).fill_null(self._label) if array.null_count else array.cast(dtype))


def _count(batches: Iterator[Any], reading: Reading, missing: _Missing) -> ClassCounts:
    tally: IndexTally | NameTally | None = None
    first_row = 0
    for batch in batches:
        column, array = batch.schema.names[0], batch.column(0)
        missing.check(column, array, first_row)
        if tally is None:
            tally = NameTally(reading) if holds_strings(column, array.type) else IndexTally(reading)
        if isinstance(tally, NameTally):
            encoded = array.dictionary_encode()
            codes = _tensor(encoded.indices.fill_null(NameTally.MISSING))
            tally.add_codes(encoded.dictionary.to_pylist(), codes)
        else:
            tally.add(missing.numbers(array, "int64"))
        first_row += len(array)
    return _result(tally)


def _count_indicators(batches: Iterator[Any], reading: Reading, missing: _Missing) -> ClassCounts:
    tally = None
    first_row = 0
    for batch in batches:
        for column, array in zip(batch.schema.names, batch.columns, strict=True):
            missing.check(column, array, first_row)
        tally = tally or IndicatorTally(reading)
        tally.add(torch.stack([missing.numbers(array, "float64") for array in batch.columns], dim=1))
        first_row += len(batch)
    return _result(tally)


def _result(tally: IndexTally | NameTally | IndicatorTally | None) -> ClassCounts:
    if tally is None:
        raise ValueError("counts_from_file: the file has no rows, so there is nothing to count.")
    return tally.result()


def _tensor(array: Any) -> Tensor:
    # A copy, since torch warns of arrays that are read-only.
    return torch.from_numpy(np.array(array.to_numpy(zero_copy_only=False)))
