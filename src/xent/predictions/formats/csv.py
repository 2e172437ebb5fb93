"""csv and tsv, by pyarrow, with a line of names at the top."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from xent.jobs import InputError
from xent.predictions.formats.arrow import BLOCK, arrow_errors, field_of, groups_of, pyarrow_for
from xent.predictions.formats.errors import file_size, reading
from xent.predictions.formats.source import Field, Values

DELIMITERS = {".csv": ",", ".tsv": "\t"}

# A line has to fit into a block.
LONGEST_LINE = 2**26


@dataclass(frozen=True)
class CsvFile:
    """A csv file.

    Attributes:
        delimiter: What stands between values.
        block: Bytes that are read at a time.
    """

    path: str
    size: int
    fields: tuple[Field, ...]
    delimiter: str
    block: int
    seekable = False

    def boundary(self, row: int) -> int:
        """How many rows there are is not known, and so a csv file is never cut."""
        return row

    def read(
        self, groups: Sequence[tuple[str, ...]], start: int, stop: int | None, rows: int
    ) -> Iterator[list[Values]]:
        """See Source."""
        fields = {field.name: field for field in self.fields}
        names = list(dict.fromkeys(name for group in groups for name in group))
        with reading(self.path, *arrow_errors(self.path)), self._opened(names) as file:
            row = 0
            for block in file:
                end = len(block) if stop is None else min(len(block), stop - row)
                for first in range(max(0, start - row), end, rows):
                    part = block.slice(first, min(rows, end - first))
                    yield groups_of(self.path, part, fields, groups, row + first)
                row += len(block)

    def _opened(self, names: list[str]) -> Any:
        from pyarrow import csv

        # Types are told by the first block, where 1 may stand for 1.0: numbers are read as float64 throughout.
        types = {field.name: "string" if field.kind == "string" else "float64" for field in self.fields}
        types |= {field.name: "bool" for field in self.fields if field.kind == "boolean"}
        convert = csv.ConvertOptions(
            include_columns=names,
            column_types={name: types[name] for name in names},
            # What is empty is missing. "NA" may be the name of a class.
            null_values=[""],
            strings_can_be_null=True,
        )
        return _open(self.path, self.delimiter, self.block, convert)


def open_csv(path: str) -> CsvFile:
    """Open a csv file, or with the ending .tsv one with tabs."""
    pyarrow_for(path)
    size = file_size(path)
    delimiter = DELIMITERS[path[-4:].lower()]
    with reading(path, *arrow_errors(path)):
        block = max(BLOCK, 4 * _longest_of_first_lines(path))
        with _open(path, delimiter, block) as file:
            columns = file.schema.empty_table()
            fields = tuple(field_of(name, columns.column(k)) for k, name in enumerate(file.schema.names))
    names = [field.name for field in fields]
    if repeated := next((name for name, count in Counter(names).items() if count > 1), None):
        raise InputError(f"{path} has more than one column {repeated!r}: rename one, or write a first line of names")
    return CsvFile(path, size, fields, delimiter, block)


def _open(path: str, delimiter: str, block: int, convert: Any = None) -> Any:
    from pyarrow import csv

    read = csv.ReadOptions(use_threads=False, block_size=block)
    return csv.open_csv(path, read, csv.ParseOptions(delimiter=delimiter, newlines_in_values=True), convert)


def _longest_of_first_lines(path: str) -> int:
    with open(path, "rb") as file:
        longest = max(len(file.readline(LONGEST_LINE)) for _ in range(3))
    if longest == LONGEST_LINE:
        raise InputError(f"{path} has a line of more than {LONGEST_LINE} bytes: is it a csv file?")
    return longest
