"""Columns as features: numbers as they are, texts as one feature a value."""

import numpy as np
import pyarrow
from sklearn.preprocessing import OneHotEncoder

from xent.compare.data.words import kind_of
from xent.jobs import InputError

# A column of more texts than this is an identifier or prose, not a category.
MOST_CATEGORIES = 200


class Encoder:
    """Turns tables of the same columns into features; its categories are those of the first table.

    Args:
        table: The columns that are features.

    Raises:
        InputError: There are no columns, or one cannot be a feature.
    """

    def __init__(self, table: pyarrow.Table) -> None:
        if not table.num_columns:
            raise InputError("file: has no column beside the target: there are no features to learn from")
        self._texts = [field.name for field in table.schema if _is_text(field.type)]
        self._numbers = [name for name in table.column_names if name not in self._texts]
        self._categories = OneHotEncoder(handle_unknown="ignore", sparse_output=False, dtype=np.float32)
        for name in self._texts:
            found = len(table[name].unique())
            if found > MOST_CATEGORIES:
                raise InputError(
                    f"file: column {name!r} holds {found} different texts, more than {MOST_CATEGORIES}: "
                    "it looks like an identifier. Leave it out with --drop"
                )
        if self._texts:
            self._categories.fit(self._text(table))

    def encode(self, table: pyarrow.Table) -> np.ndarray:
        """Features, (N, F) float32."""
        missing = [name for name in (*self._numbers, *self._texts) if name not in table.column_names]
        if missing:
            raise InputError(f"test: has no column {missing[0]!r}, which the training rows have")
        blocks = [_number(table[name], name)[:, None] for name in self._numbers]
        if self._texts:
            blocks.append(self._categories.transform(self._text(table)))
        return np.concatenate(blocks, axis=1, dtype=np.float32)

    def _text(self, table: pyarrow.Table) -> np.ndarray:
        columns = [table[name].cast(pyarrow.string()).fill_null("").to_numpy() for name in self._texts]
        return np.stack(columns, axis=1).astype(object)


def finite(features: np.ndarray, name: str) -> np.ndarray:
    """``features``, if all of them are finite numbers."""
    if not np.issubdtype(features.dtype, np.number) and features.dtype != bool:
        raise InputError(f"file: {name!r} holds {kind_of(features)}, not numbers")
    unusable = np.argwhere(~np.isfinite(features))
    if len(unusable):
        at = ", ".join(str(k) for k in unusable[0])
        raise InputError(
            f"file: {name!r} is nan or infinite in {len(unusable)} of {features.size} places, the first ({at}): "
            "fill them in or leave the rows out"
        )
    return features


def _number(column: pyarrow.ChunkedArray, name: str) -> np.ndarray:
    try:
        values = column.cast(pyarrow.float64()).to_numpy()
    except pyarrow.ArrowException as error:
        raise InputError(
            f"file: column {name!r} is of type {column.type}, which is no feature. Leave it out with --drop"
        ) from error
    unusable = np.flatnonzero(~np.isfinite(values))
    if len(unusable):
        raise InputError(
            f"file: column {name!r} is missing, nan or infinite in {len(unusable)} of {len(values)} rows, the first of "
            f"them {unusable[0]}: fill them in, leave the rows out, or leave the column out with --drop"
        )
    numbers: np.ndarray = values.astype(np.float32)
    return numbers


def _is_text(kind: pyarrow.DataType) -> bool:
    return bool(
        pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind) or pyarrow.types.is_dictionary(kind)
    )
