"""jsonl: a JSON object a line, such as {"logits": [0.5, -1.25], "label": 1}."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xent.jobs import InputError
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
        columns = [[_Column(self.path, fields[name]) for name in group] for group in groups]
        every = [column for group in columns for column in group]
        lines: list[int] = []
        with reading(self.path, *ERRORS):
            for line, record in islice(_records(self.path), start, stop):
                for column in every:
                    column.add(line, record)
                lines.append(line)
                if len(lines) == rows:
                    yield [_joined(group, lines) for group in columns]
                    lines = []
            if lines:
                yield [_joined(group, lines) for group in columns]


class _Column:
    """The values of a key in some rows."""

    def __init__(self, path: str, field: Field) -> None:
        self._path = path
        self._field = field
        self._values: list[Any] = []

    def add(self, line: int, record: Mapping[str, Any]) -> None:
        try:
            self._values.append(record[self._field.name])
        except KeyError:
            raise InputError(f"{self._path}: line {line} has no {self._field.name!r}, unlike the first") from None

    def taken(self, lines: Sequence[int]) -> Values:
        """The values, which came from these lines; there are none thereafter."""
        values, self._values = self._values, []
        wrong = next((k for k, value in enumerate(values) if not self._fits(value)), None)
        if wrong is not None:
            raise self._bad(values[wrong], lines[wrong])
        return _texts(values) if self._field.kind == "string" else self._numbers(values, lines)

    def _fits(self, value: Any) -> bool:
        if self._field.shape:
            return isinstance(value, list) and len(value) == self._field.shape[0]
        return value is None or isinstance(value, str if self._field.kind == "string" else (int, float))

    def _numbers(self, values: list[Any], lines: Sequence[int]) -> Tensor:
        """As float64, nan for null."""
        try:
            return torch.from_numpy(np.array(values, dtype=np.float64).reshape(len(values), *self._field.shape))
        except (TypeError, ValueError, OverflowError):
            if len(values) == 1:
                raise self._bad(values[0], lines[0]) from None
            half = len(values) // 2
            # The error is in one of the halves.
            return torch.cat([self._numbers(values[:half], lines[:half]), self._numbers(values[half:], lines[half:])])

    def _bad(self, value: Any, line: int) -> InputError:
        name, shape = self._field.name, self._field.shape
        found = f"is {json.dumps(value)[:40]}"
        before = f"of kind {self._field.kind}"
        if shape:
            before = f"a list of {shape[0]}"
            found = "is no list" if not isinstance(value, list) else f"is a list of {len(value)}"
            if found.endswith(f" {shape[0]}"):
                found, before = "holds other things than numbers", f"{before} numbers"
        return InputError(f"{self._path}: {name!r} {found} in line {line}, and in the first {before}")


def _texts(values: list[Any]) -> Texts:
    words = tuple(sorted({value for value in values if value is not None}))
    number: dict[str | None, int] = {word: k for k, word in enumerate(words)}
    number[None] = -1
    return Texts(words, torch.tensor([number[value] for value in values], dtype=torch.int64))


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


def _joined(columns: list[_Column], lines: Sequence[int]) -> Values:
    values = [column.taken(lines) for column in columns]
    if len(values) == 1:
        return values[0]
    return torch.stack([one for one in values if isinstance(one, Tensor)], dim=1)
