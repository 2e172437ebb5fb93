"""Rows of one file, or of a file of scores and a file of labels."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from xent.jobs import InputError
from xent.predictions.formats import Source, Texts, Values
from xent.predictions.guess import Found
from xent.predictions.labels import Labels

_SCORES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


@dataclass(frozen=True)
class Piece:
    """Rows ``start`` to ``stop`` of a file.

    Attributes:
        source: The file of the scores.
        scores: Which of its fields they are.
        target_source: The file of the labels, which may be the same.
        target: Which of its fields they are.
        labels: How they are read.
        start: The first row.
        stop: The first row that is not wanted; None for all.
    """

    source: Source
    scores: Found
    target_source: Source
    target: Found
    labels: Labels
    start: int = 0
    stop: int | None = None

    @property
    def path(self) -> str:
        """What to call it in messages."""
        return self.source.path

    @property
    def rows(self) -> int | None:
        """How many rows there are, if that is known."""
        stop = self.stop if self.stop is not None else self.scores.rows
        return None if stop is None else stop - self.start

    @property
    def bytes(self) -> int:
        """Bytes of the files, or of the part of them."""
        size = self.source.size + (0 if self._one_file else self.target_source.size)
        whole = self.scores.rows
        return size if whole is None or self.rows is None else size * self.rows // max(1, whole)

    def read(self, rows: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Scores and targets, at most so many rows at a time.

        Raises:
            InputError: The file is damaged, or a label cannot be read.
        """
        row = self.start
        for scores, target in self._values(rows):
            yield self._matrix(scores), self.labels.target(target, row)
            row += len(scores)

    def read_scores(self, start: int, stop: int | None, rows: int) -> Iterator[Tensor]:
        """Scores alone."""
        for (scores,) in self.source.read([self.scores.keys], start, stop, rows):
            yield self._matrix(scores)

    def read_labels(self, rows: int) -> Iterator[Values]:
        """Labels alone, as they stand there."""
        for (target,) in self.target_source.read([self.target.keys], self.start, self.stop, rows):
            yield target

    def count(self) -> int:
        """How many rows there are, if need be by reading the labels."""
        if self.rows is not None:
            return self.rows
        return sum(len(values) for values in self.read_labels(max(1, 2**20 // self.labels.classes)))

    def cut(self, start: int, stop: int) -> "Piece":
        """Some of the rows."""
        return replace(self, start=start, stop=stop)

    @cached_property
    def _one_file(self) -> bool:
        return self.source is self.target_source or self.source.path == self.target_source.path

    def _values(self, rows: int) -> Iterator[tuple[Values, Values]]:
        if not self._one_file:
            yield from self._from_two_files(rows)
            return
        groups = [self.scores.keys, self.target.keys]
        yield from ((scores, target) for scores, target in self.source.read(groups, self.start, self.stop, rows))

    def _from_two_files(self, rows: int) -> Iterator[tuple[Values, Values]]:
        labels = _Rows(self.read_labels(rows))
        for (scores,) in self.source.read([self.scores.keys], self.start, self.stop, rows):
            target = labels.next(len(scores))
            if target is None:
                raise self._unequal("fewer")
            yield scores, target
        if labels.more():
            raise self._unequal("more")

    def _unequal(self, which: str) -> InputError:
        return InputError(
            f"labels: {self.target_source.path} has {which} rows than {self.path} has scores: give a label a row"
        )

    def _matrix(self, scores: Values) -> Tensor:
        if isinstance(scores, Texts):
            raise InputError(f"scores: {self.path} holds strings in {self.scores.keys[0]!r}: give numbers")
        matrix = scores.reshape(len(scores), -1)
        if matrix.dtype not in _SCORES:
            # bool and integers of text, or a dtype of 8 bits: exact in float32.
            matrix = matrix.float()
        return matrix if matrix.is_contiguous() else matrix.contiguous()


class _Rows:
    """Values that come in pieces, in pieces of other lengths."""

    def __init__(self, values: Iterator[Values]) -> None:
        self._values = values
        self._held: Values | None = None

    def next(self, rows: int) -> Values | None:
        """The next ``rows``, or None if there are fewer."""
        parts: list[Values] = []
        wanted = rows
        while wanted:
            held = self._fetch()
            if held is None:
                return None
            parts.append(held[:wanted])
            self._held = held[len(parts[-1]) :]
            wanted -= len(parts[-1])
        return parts[0] if len(parts) == 1 else _joined(parts)

    def more(self) -> bool:
        """Whether there are rows left."""
        return self._fetch() is not None

    def _fetch(self) -> Values | None:
        """Rows that have come and are not given out yet; None if there are none left."""
        while self._held is None or not len(self._held):
            self._held = next(self._values, None)
            if self._held is None:
                return None
        return self._held


def _joined(parts: list[Values]) -> Values:
    texts = [part for part in parts if isinstance(part, Texts)]
    if not texts:
        return torch.cat([part for part in parts if isinstance(part, Tensor)])
    words: tuple[str, ...] = ()
    codes = []
    for text in texts:
        codes.append(torch.where(text.codes < 0, -1, text.codes + len(words)))
        words += text.words
    return Texts(words, torch.cat(codes))
