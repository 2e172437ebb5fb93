"""jsonl: a JSON object a line, such as {"logits": [0.5, -1.25], "label": 1}."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from xent.jobs import InputError
from xent.predictions.formats.arrays import texts_of
from xent.predictions.formats.errors import file_size, reading
from xent.predictions.formats.source import Field, FieldKind, Texts, Values

LONGEST_LINE = 2**26

ERRORS = (ValueError, TypeError, RecursionError, OverflowError)


@dataclass(frozen=True)
class JsonlFile:
    """A file of JSON objects; the first line says what is in them."""

    path: str
    size: int
    fields: tuple[Field, ...]
    seekable = False

    def boundary(self, row: int) -> int:
        """How many rows there are is not known, and so it is never cut."""
        return row

    def read(
        self, groups: Sequence[tuple[str, ...]], start: int, stop: int | None, rows: int
    ) -> Iterator[list[Values]]:
        """See Source."""
        fields = {field.name: field for field in self.fields}
        columns = [[_Column(fields[name], rows) for name in group] for group in groups]
        filled = 0
        with reading(self.path, *ERRORS):
            for row, (line, record) in enumerate(_records(self.path)):
                if row < start or (stop is not None and row >= stop):
                    continue
                for column in (column for group in columns for column in group):
                    column.put(self.path, line, record, filled)
                filled += 1
                if filled == rows:
                    yield [_joined(group, filled) for group in columns]
                    filled = 0
        if filled:
            yield [_joined(group, filled) for group in columns]


class _Column:
    """Room for the values of a key in some rows."""

    def __init__(self, field: Field, rows: int) -> None:
        self._field = field
        self._values = np.empty((rows, *field.shape), object if field.kind == "string" else np.float64)

    def put(self, path: str, line: int, record: Mapping[str, Any], row: int) -> None:
        field = self._field
        if field.name not in record:
            raise InputError(f"{path}: line {line} has no {field.name!r}, unlike the first")
        value = record[field.name]
        if field.shape and (not isinstance(value, list) or len(value) != field.shape[0]):
            found = f"a list of {len(value)}" if isinstance(value, list) else "no list"
            raise InputError(f"{path}: {field.name!r} is {found} in line {line}, and a list of {field.shape[0]} before")
        wrong = isinstance(value, str) != (field.kind == "string") and value is not None
        if not field.shape and (wrong or isinstance(value, (list, dict))):
            raise InputError(
                f"{path}: {field.name!r} is {str(value)[:40]!r} in line {line}, and of kind {field.kind} before"
            )
        try:
            self._values[row] = value
        except (TypeError, ValueError, OverflowError) as error:
            raise InputError(f"{path}: {field.name!r} holds other things than numbers in line {line}") from error

    def values(self, rows: int) -> Values:
        values = self._values[:rows]
        if self._field.kind != "string":
            return torch.from_numpy(values.copy())
        present = np.array([value is not None for value in values])
        texts = texts_of(np.where(present, values, "").astype(str))
        return Texts(texts.words, torch.where(torch.from_numpy(present), texts.codes, -1))


def open_jsonl(path: str) -> JsonlFile:
    """Open a jsonl file."""
    size = file_size(path)
    with reading(path, *ERRORS):
        first = next(_records(path), None)
    if first is None:
        raise InputError(f"{path} has no lines: there is nothing to read")
    return JsonlFile(path, size, tuple(_field(name, value) for name, value in first[1].items()))


def _records(path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each object, with the number of its line."""
    with open(path, "rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), 1):
            if len(line) == LONGEST_LINE:
                raise InputError(f"{path}: line {number} has more than {LONGEST_LINE} bytes: write an object a line")
            if line.isspace():
                continue
            try:
                record = json.loads(line)
            except ERRORS as error:
                raise InputError(f"{path}: line {number} is no JSON object ({error}): write one a line") from error
            if not isinstance(record, dict):
                raise InputError(f'{path}: line {number} is no JSON object such as {{"logits": [0.5, -1], "label": 0}}')
            yield number, record


def _field(name: str, value: Any) -> Field:
    if not isinstance(value, list):
        return Field(name, _kind(value))
    kinds = {_kind(one) for one in value}
    kind: FieldKind = kinds.pop() if len(kinds) == 1 else "floating" if kinds <= {"floating", "integer"} else "other"
    return Field(name, kind, (len(value),))


def _kind(value: Any) -> FieldKind:
    kinds: dict[type, FieldKind] = {
        bool: "boolean",
        int: "integer",
        float: "floating",
        str: "string",
        type(None): "floating",
    }
    return kinds.get(type(value), "other")


def _joined(columns: list[_Column], rows: int) -> Values:
    values = [column.values(rows) for column in columns]
    if len(values) == 1:
        return values[0]
    return torch.stack([one for one in values if not isinstance(one, Texts)], dim=1)
