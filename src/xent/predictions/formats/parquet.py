"""parquet, by pyarrow, row group by row group."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from xent.predictions.formats.arrow import BLOCK, arrow_errors, field_of, groups_of, pyarrow_for
from xent.predictions.formats.errors import file_size, reading
from xent.predictions.formats.source import Field, Values


@dataclass(frozen=True)
class ParquetFile:
    """A parquet file.

    Attributes:
        starts: The first row of every row group, and the number of rows.
    """

    path: str
    size: int
    fields: tuple[Field, ...]
    starts: tuple[int, ...] = field(repr=False)
    seekable = False

    def boundary(self, row: int) -> int:
        """Between row groups."""
        return min(self.starts, key=lambda start: abs(start - row))

    def read(
        self, groups: Sequence[tuple[str, ...]], start: int, stop: int | None, rows: int
    ) -> Iterator[list[Values]]:
        """See Source."""
        end = self.starts[-1] if stop is None else stop
        fields = {field.name: field for field in self.fields}
        columns = list(dict.fromkeys(name for group in groups for name in group))
        wanted = [k for k, first in enumerate(self.starts[:-1]) if first < end and self.starts[k + 1] > start]
        if not wanted:
            return
        with reading(self.path, *arrow_errors(self.path)), _opened(self.path) as file:
            row = self.starts[wanted[0]]
            for batch in file.iter_batches(rows, row_groups=wanted, columns=columns, use_threads=False):
                part = batch.slice(max(0, start - row), max(0, min(len(batch), end - row) - max(0, start - row)))
                if len(part):
                    yield groups_of(self.path, part, fields, groups, max(row, start))
                row += len(batch)


def open_parquet(path: str) -> ParquetFile:
    """Open a parquet file."""
    pyarrow_for(path)
    size = file_size(path)
    with reading(path, *arrow_errors(path)), _opened(path) as file:
        starts = [0]
        for k in range(file.num_row_groups):
            starts.append(starts[-1] + file.metadata.row_group(k).num_rows)
        first = next(file.iter_batches(1, use_threads=False), None) if starts[-1] else None
        columns = first if first is not None else file.schema_arrow.empty_table()
        names = file.schema_arrow.names
        fields = tuple(field_of(name, columns.column(k), starts[-1]) for k, name in enumerate(names))
    return ParquetFile(path, size, fields, tuple(starts))


def _opened(path: str) -> Any:
    from pyarrow import parquet

    # Without a buffer size a whole column of a row group is read at once; with a memory map it would count twice.
    return parquet.ParquetFile(path, buffer_size=BLOCK, pre_buffer=False, memory_map=False)
