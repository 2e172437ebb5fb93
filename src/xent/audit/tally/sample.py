"""A sample of rows: what is too much to be done with all of them is done with it.

A row is drawn by a hash of its number. So the sample is the same whatever the batches, the order and the processes, and
no row's chance depends on where it stands.
"""

from typing import NamedTuple

import torch
from torch import Tensor


class Drawn(NamedTuple):
    """Rows of a sample.

    Attributes:
        hash: What they were drawn by, the smallest first choice.
        number: Which rows they are, over all files.
        scores: As they are in the file, (n, C).
        target: Labels (n,), or indicators (n, C), as they are in the file.
    """

    hash: Tensor
    number: Tensor
    scores: Tensor
    target: Tensor

    def at(self, index: Tensor) -> "Drawn":
        """Some of the rows, by index or mask."""
        return Drawn(*(column[index] for column in self))


class SampleTally:
    """At most ``most`` rows, drawn without replacement; all of them if there are no more.

    Args:
        most: How many rows, at least 1.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._drawn: list[Drawn] = []
        self._bound = torch.iinfo(torch.int64).max

    def add(self, number: Tensor, scores: Tensor, target: Tensor) -> None:
        """Add rows: their numbers, scores (n, C), and labels (n,) or indicators (n, C)."""
        self._keep(Drawn(_hash(number), number, scores, target))

    def merge(self, other: "SampleTally") -> None:
        """Add the rows of another tally."""
        for drawn in other._drawn:
            self._keep(drawn)

    def rows(self) -> Drawn:
        """The rows, in the order of their numbers.

        Raises:
            ValueError: There are none.
        """
        if not self._drawn:
            raise ValueError("there is no sample of no rows: call add() first.")
        self._shrink()
        (drawn,) = self._drawn
        return drawn.at(drawn.number.argsort())

    def _keep(self, rows: Drawn) -> None:
        self._drawn.append(rows.at(rows.hash <= self._bound))
        if sum(len(drawn.number) for drawn in self._drawn) > 2 * self.most:
            self._shrink()

    def _shrink(self) -> None:
        """Leave no more rows than were asked for."""
        drawn = Drawn(*(torch.cat(column) for column in zip(*self._drawn, strict=True)))
        if len(drawn.number) > self.most:
            drawn = drawn.at(drawn.hash.argsort()[: self.most])
            self._bound = int(drawn.hash[-1])
        self._drawn = [drawn]


def _hash(number: Tensor) -> Tensor:
    """Row numbers, mixed so that any bit depends on any other; int64. Steele et al., Fast Splittable PRNGs, 2014."""
    mixed = (number + 1) * _signed(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ _shifted(mixed, shift)) * _signed(factor)
    return mixed ^ _shifted(mixed, 31)


def _signed(bits: int) -> int:
    """A number of 64 bits as int64 has it."""
    return bits - (1 << 64) if bits >> 63 else bits


def _shifted(number: Tensor, shift: int) -> Tensor:
    """Bits moved to the right, zeros after them."""
    return (number >> shift) & ((1 << (64 - shift)) - 1)
