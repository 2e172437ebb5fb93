"""Targets of any kind as class numbers, or as indicators of several classes."""

import numpy as np
import pyarrow

from xent.compare.data.words import kind_of
from xent.jobs import InputError


def labels_of(
    values: np.ndarray, name: str, known: tuple[str, ...] | None = None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Numbers of classes, (N,), and the names of the classes in order.

    Args:
        values: One class a row: whole numbers, texts or bools.
        name: The column or array, for errors.
        known: The classes, if they are settled already.

    Raises:
        InputError: A value is missing or fractional, a class is not among the known, or there is one class alone.
    """
    if np.issubdtype(values.dtype, np.floating):
        if not np.all(np.isfinite(values)) or np.any(values != np.round(values)):
            row = int(np.flatnonzero(~np.isfinite(values) | (values != np.round(values)))[0])
            raise InputError(f"target: {name!r} holds {values[row]} in row {row}, which is no class")
        values = values.astype(np.int64)
    if known is not None:
        return _as_known(values, name, known), known
    classes, labels = np.unique(values, return_inverse=True)
    if len(classes) < 2:
        raise InputError(f"target: {name!r} has one class alone, {classes[0]}: there is nothing to tell apart")
    return labels.astype(np.int64), tuple(str(one) for one in classes)


def indicators_of(values: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """Indicators of several classes, (N, C) float32.

    Raises:
        InputError: They are not all 0 or 1, or a class is the same in every row.
    """
    for name, column in zip(names, values.T, strict=True):
        check_numbers(column, name)
    wrong = np.argwhere((values != 0) & (values != 1))
    if len(wrong):
        row, column = wrong[0]
        raise InputError(f"target: {names[column]!r} holds {values[row, column]} in row {row}; give 0 or 1")
    constant = np.flatnonzero(values.min(axis=0) == values.max(axis=0))
    if len(constant):
        raise InputError(f"target: {names[constant[0]]!r} is the same in every row: there is nothing to tell apart")
    return values.astype(np.float32)


def check_numbers(values: np.ndarray, name: str) -> None:
    """Refuse texts and the like among several columns of a target."""
    if values.dtype.kind not in "biuf":
        raise InputError(f"target: several columns ask a question each; {name!r} holds {kind_of(values)}, give 0 or 1")


def column_values(column: pyarrow.ChunkedArray, name: str) -> np.ndarray:
    """The values of a column, none of them missing."""
    if column.null_count:
        row = column.is_null().to_numpy().argmax()
        raise InputError(f"target: {name!r} has no value in row {row}")
    if pyarrow.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    values: np.ndarray = column.to_numpy()
    return values.astype(str) if values.dtype == object else values


def _as_known(values: np.ndarray, name: str, known: tuple[str, ...]) -> np.ndarray:
    number = {one: k for k, one in enumerate(known)}
    labels = np.array([number.get(str(value), -1) for value in values])
    if (labels < 0).any():
        row = int(np.flatnonzero(labels < 0)[0])
        raise InputError(f"test: {name!r} holds {values[row]} in row {row}, a class that no training row has")
    return labels
