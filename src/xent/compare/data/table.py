"""A file of rows, read whole: csv, parquet, or the arrays of an npz."""

import zipfile
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.csv
import pyarrow.parquet

from xent.jobs import InputError

SUFFIXES = (".csv", ".parquet", ".npz")


def read_table(path: Path) -> pyarrow.Table:
    """The columns of a csv or parquet file.

    Raises:
        InputError: It cannot be read, or has no rows.
    """
    reader = pyarrow.csv.read_csv if path.suffix.lower() == ".csv" else pyarrow.parquet.read_table
    try:
        table = reader(path)
    except (OSError, pyarrow.ArrowException) as error:
        raise InputError(f"file: {path} cannot be read: {_first_line(error)}") from error
    if not table.num_rows:
        raise InputError(f"file: {path} has no rows")
    if duplicates := sorted({name for name in table.column_names if table.column_names.count(name) > 1}):
        raise InputError(f"file: {path} has more than one column {duplicates[0]!r}: rename one")
    return table


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an npz file.

    Raises:
        InputError: It cannot be read.
    """
    try:
        # Opened here: numpy leaves the file open where it is no archive.
        with path.open("rb") as file:
            arrays = np.load(file, allow_pickle=False)
            return {name: arrays[name] for name in arrays.files}
    except OSError as error:
        raise InputError(f"file: {path} cannot be read: {_first_line(error)}") from error
    except (ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise InputError(f"file: {path} is no npz archive of plain arrays") from error


def check_suffix(path: Path) -> None:
    """Refuse a file that is of no known kind, or not there."""
    if not path.is_file():
        raise InputError(f"file: {path} is not a file")
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"file: {path} is none of {', '.join(SUFFIXES)}")


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
