"""Saved predictions, opened."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from xent.jobs import InputError
from xent.predictions.batch import Batch
from xent.predictions.guess import Kind
from xent.predictions.piece import Piece

# Scores of a batch: enough that the time goes to the rows, and few enough to stay near the processor.
BATCH_BYTES = 2**24


@dataclass(frozen=True, eq=False)
class Predictions:
    """Scores and labels of rows, in files or in memory, that are read batch by batch. It can be pickled.

    Attributes:
        classes: C.
        names: What the classes are called, if the file says so.
        multi_label: Whether the target is an indicator for every class (or a single score a row is a question of yes
            and no), and not one label a row.
        kind: What the scores are.
        counts: Training rows of every class, (C,) float64, if they are known.
        training_rows: How many rows were trained on, if that is known; for one label a row the sum of the counts.
        first: Number of the first row, which is not 0 for a part.
        pieces: The files.
        itemsize: Bytes of a score.
        whole: Whether this is all, and not a part.
    """

    classes: int
    names: tuple[str, ...] | None
    multi_label: bool
    kind: Kind
    counts: Tensor | None
    training_rows: int | None
    pieces: tuple[Piece, ...] = field(repr=False)
    first: int = 0
    itemsize: int = field(default=4, repr=False)
    whole: bool = field(default=True, repr=False)

    @property
    def rows(self) -> int | None:
        """How many rows there are, or None if that takes reading the files."""
        rows = [piece.rows for piece in self.pieces]
        return None if None in rows else sum(count or 0 for count in rows)

    @property
    def bytes(self) -> int:
        """Bytes of the files."""
        return sum(piece.bytes for piece in self.pieces)

    @property
    def paths(self) -> tuple[str, ...]:
        """The files of the scores."""
        return tuple(piece.path for piece in self.pieces)

    def batches(self, rows: int | None = None) -> Iterator[Batch]:
        """The rows in order, in memory that does not grow with the files.

        Args:
            rows: How many rows a batch has, at most. By default those of 16 MiB of scores, which is the most.

        Raises:
            InputError: A file is damaged, a label is missing or no whole number, or there is no row that has both a
                score that is finite and a label that is a class.
        """
        most = max(1, BATCH_BYTES // (self.classes * self.itemsize))
        first = self.first
        usable = not self.whole
        for piece in self.pieces:
            for scores, target in piece.read(most if rows is None else max(1, min(rows, most))):
                usable = usable or self._usable(scores, target)
                yield Batch(scores, target, first)
                first += len(target)
        if not usable:
            raise self._nothing(first - self.first)

    def parts(self, n: int) -> "list[Predictions]":
        """Up to ``n`` parts that follow one another and are all of it, to be read by as many processes.

        Files of known length are cut by row; csv and jsonl are not cut, and the rows before each are counted first.
        """
        if n < 2 or (self.rows is None and len(self.pieces) < 2):
            return [self]
        groups = self._by_rows(n) if self.rows is not None else self._by_files(n)
        parts = []
        first = self.first
        for k, pieces in enumerate(groups):
            parts.append(replace(self, pieces=tuple(pieces), first=first, whole=False))
            if k < len(groups) - 1:
                first += sum(piece.count() for piece in pieces)
        return parts if len(parts) > 1 else [self]

    def _usable(self, scores: Tensor, target: Tensor) -> bool:
        finite = torch.isfinite(scores).any(dim=1)
        if target.ndim == 1:
            finite &= (target >= 0) & (target < self.classes)
        return bool(finite.any())

    def _nothing(self, rows: int) -> InputError:
        more = f" and {len(self.pieces) - 1} more" if len(self.pieces) > 1 else ""
        what = f"none of {rows} rows has a finite score and a label of 0 to {self.classes - 1}" if rows else "no rows"
        return InputError(f"{self.pieces[0].path}{more}: {what}, so there is nothing to judge")

    def _by_rows(self, n: int) -> list[list[Piece]]:
        """Each piece cut where a part is to end."""
        total = self.rows or 0
        ends = [total * (k + 1) // n for k in range(n)]
        groups: list[list[Piece]] = [[] for _ in ends]
        before = 0
        for piece in self.pieces:
            count = piece.rows or 0
            last = piece.start + count
            cuts = (piece.source.boundary(piece.start + end - before) for end in ends[:-1])
            edges = [piece.start, *(min(max(cut, piece.start), last) for cut in cuts), last]
            for group, start, stop in zip(groups, edges[:-1], edges[1:], strict=True):
                if start < stop:
                    group.append(piece.cut(start, stop))
            before += count
        return [group for group in groups if group]

    def _by_files(self, n: int) -> list[list[Piece]]:
        """Whole files, in groups of about the same size."""
        groups: list[list[Piece]] = [[] for _ in range(n)]
        read = 0
        for piece in self.pieces:
            groups[min(n - 1, (read + piece.bytes // 2) * n // max(1, self.bytes))].append(piece)
            read += piece.bytes
        return [group for group in groups if group]
