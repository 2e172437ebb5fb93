"""What every format offers: the fields of one file, and their rows piece by piece."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from torch import Tensor

FieldKind: TypeAlias = Literal["floating", "integer", "boolean", "string", "other"]


@dataclass(frozen=True)
class Field:
    """An array, a column or a key.

    Attributes:
        name: Its name in the file.
        kind: What its values are; "other" is nothing that could be read.
        shape: The shape of one row: () for a number, (C,) for a row of C numbers.
        rows: How many rows it has, or None if that takes reading the file.
    """

    name: str
    kind: FieldKind
    shape: tuple[int, ...] = ()
    rows: int | None = None

    def __str__(self) -> str:
        rows = () if self.rows is None else (self.rows,)
        shape = f" {(*rows, *self.shape)}" if rows or self.shape else ""
        return f"{self.name} ({self.kind}{shape})"


@dataclass(frozen=True, eq=False)
class Texts:
    """Labels that are strings: each different one, and which of them every row has.

    Attributes:
        words: The different strings.
        codes: (n,) int64, positions in ``words``; -1 where there is no value.
    """

    words: tuple[str, ...]
    codes: Tensor

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, rows: slice) -> "Texts":
        return Texts(self.words, self.codes[rows])


# Rows of a field: (n,) or (n, C), or strings.
Values: TypeAlias = Tensor | Texts


class Source(Protocol):
    """One file. It is closed until it is read, holds what its header says, and can be pickled."""

    @property
    def path(self) -> str:
        """What to call it in messages."""

    @property
    def size(self) -> int:
        """Bytes."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """What is in it."""

    @property
    def seekable(self) -> bool:
        """Whether rows far into the file can be read without those before them."""

    def boundary(self, row: int) -> int:
        """The row nearest to ``row`` at which the file is best cut; only asked where ``rows`` of fields is known."""

    def read(
        self, groups: Sequence[tuple[str, ...]], start: int, stop: int | None, rows: int
    ) -> Iterator[list[Values]]:
        """Rows from ``start`` to ``stop`` (None: the end), at most ``rows`` at a time.

        Args:
            groups: Names of fields that belong together: one field, or several that are one number each and become
                the columns of a matrix.
            start: First row.
            stop: First row that is not wanted.
            rows: How many rows are read at a time, at most.

        Yields:
            The values of each group.

        Raises:
            InputError: The file is damaged, or a value cannot be read.
        """
