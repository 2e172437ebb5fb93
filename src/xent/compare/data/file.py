"""A file of somebody's own as a dataset."""

from pathlib import Path

import numpy as np
import pyarrow

from xent.compare.data.dataset import Dataset
from xent.compare.data.features import Encoder, finite
from xent.compare.data.table import check_suffix, read_arrays, read_table
from xent.compare.data.target import check_numbers, column_values, indicators_of, labels_of
from xent.compare.data.words import listed
from xent.jobs import InputError

FEATURE_ARRAYS = ("features", "X", "x")


def load(path: Path, target: tuple[str, ...], test: Path | None = None, drop: tuple[str, ...] = ()) -> Dataset:
    """Rows of a csv, parquet or npz file.

    Args:
        path: The file. In an npz the features are the array ``features`` (or ``X``, ``x``), of shape (N, F).
        target: The column of the class. Several columns, of 0 and 1, are a question each: multi-label. In an npz the
            name of one array, (N,) or (N, C).
        test: A file of the same kind to test on.
        drop: Columns that are no features.

    Raises:
        InputError: A file or column cannot be used; its message says which and why.
    """
    for file in (path, *([test] if test else [])):
        check_suffix(file)
        if _is_npz(file) != _is_npz(path):
            raise InputError(f"test: {file} is not of the kind of {path}: give both as npz, or both as tables")
    if not target:
        raise _without_target(path)
    if drop and _is_npz(path):
        raise InputError(f"drop: {path} has one array of features, and no columns: leave --drop out")
    return _from_arrays(path, target, test) if _is_npz(path) else _from_tables(path, target, test, drop)


def _is_npz(path: Path) -> bool:
    return path.suffix.lower() == ".npz"


def _without_target(path: Path) -> InputError:
    if _is_npz(path):
        what, names = "array", listed(read_arrays(path))
    else:
        what, names = "column", listed(read_table(path).column_names)
    return InputError(f"target: say which {what} of {path} is the class: --target {what.upper()}; it has {names}")


def _from_tables(path: Path, target: tuple[str, ...], test: Path | None, drop: tuple[str, ...]) -> Dataset:
    table = read_table(path)
    _check_columns(table, path, target, "target")
    _check_columns(table, path, drop, "drop")
    # Each once: what is a target may be dropped, too.
    encoder = Encoder(table.drop_columns(list({*target, *drop})))
    trained = _dataset(path, encoder.encode(table), _columns(table, target), target)
    if test is None:
        return trained
    rows = read_table(test)
    _check_columns(rows, test, target, "test")
    return _with_test(trained, encoder.encode(rows), _columns(rows, target), target)


def _from_arrays(path: Path, target: tuple[str, ...], test: Path | None) -> Dataset:
    if len(target) != 1:
        raise InputError(f"target: of an npz give the name of one array, not {len(target)}")
    trained = _dataset(path, *_arrays(path, target[0]), target)
    return trained if test is None else _with_test(trained, *_arrays(test, target[0]), target)


def _arrays(path: Path, target: str) -> tuple[np.ndarray, np.ndarray]:
    arrays = read_arrays(path)
    named = [name for name in FEATURE_ARRAYS if name in arrays]
    if target not in arrays:
        raise InputError(f"target: {path} has no array {target!r}, but {listed(arrays)}")
    if not named:
        raise InputError(f"file: {path} has no array {FEATURE_ARRAYS[0]!r} of features, but {listed(arrays)}")
    features, values = finite(arrays[named[0]], named[0]), arrays[target]
    if features.ndim != 2 or values.ndim not in (1, 2) or len(features) != len(values) or not len(values):
        raise InputError(
            f"file: {path} has {named[0]} of shape {features.shape} and {target} of shape {values.shape}; "
            "give (N, F) and (N,), or (N, C) for multi-label"
        )
    return features.astype(np.float32), values


def _columns(table: pyarrow.Table, target: tuple[str, ...]) -> np.ndarray:
    columns = [column_values(table[name], name) for name in target]
    if len(columns) == 1:
        return columns[0]
    for name, values in zip(target, columns, strict=True):
        # Before they are one array, which makes texts of numbers where one of them holds texts.
        check_numbers(values, name)
    return np.stack(columns, axis=1)


def _dataset(path: Path, features: np.ndarray, values: np.ndarray, target: tuple[str, ...]) -> Dataset:
    if values.ndim == 1:
        labels, names = labels_of(values, target[0])
        return Dataset(path.name, features, labels, names, standardize=True)
    names = target if len(target) > 1 else tuple(f"{target[0]}[{k}]" for k in range(values.shape[1]))
    return Dataset(path.name, features, indicators_of(values, names), names, standardize=True)


def _with_test(trained: Dataset, features: np.ndarray, values: np.ndarray, target: tuple[str, ...]) -> Dataset:
    if features.shape[1] != trained.features.shape[1]:
        raise InputError(f"test: has {features.shape[1]} features, the training rows have {trained.features.shape[1]}")
    if trained.multilabel:
        rows = indicators_of(values, trained.class_names)
    else:
        rows, _ = labels_of(values, target[0], known=trained.class_names)
    tested = Dataset("test", features, rows, trained.class_names)
    return Dataset(trained.name, trained.features, trained.target, trained.class_names, standardize=True, test=tested)


def _check_columns(table: pyarrow.Table, path: Path, names: tuple[str, ...], argument: str) -> None:
    for name in names:
        if name not in table.column_names:
            raise InputError(f"{argument}: {path} has no column {name!r}, but {listed(table.column_names)}")
