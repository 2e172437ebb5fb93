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
        number: Which rows they are, over all files.
        scores: As they are in the file, (n, C).
        target: Labels (n,), or indicators (n, C), as they are in the file.
    """

    number: Tensor
    scores: Tensor
    target: Tensor


class SampleTally:
    """At most ``most`` rows, drawn without replacement; all of them if there are no more.

    Args:
        most: How many rows, at least 1.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._number = torch.empty(0, dtype=torch.int64)
        # Of the rows drawn, in no order; behind them may be room for more.
        self._scores: Tensor | None = None
        self._target: Tensor | None = None
        self._bound = torch.iinfo(torch.int64).max

    def add(self, number: Tensor, scores: Tensor, target: Tensor) -> None:
        """Add rows: their numbers, scores (n, C), and labels (n,) or indicators (n, C)."""
        (chosen,) = (_hash(number) <= self._bound).nonzero(as_tuple=True)
        drawn = len(self._number)
        all_numbers = torch.cat([self._number, number[chosen]])
        slots = torch.arange(drawn, len(all_numbers))
        if len(all_numbers) > self.most:
            kept = self._kept(all_numbers)
            chosen = chosen[kept[drawn:]]
            # New rows come in the place of those that are no longer drawn, and then behind them.
            (gone,) = (~kept[:drawn]).nonzero(as_tuple=True)
            slots = torch.cat([gone, torch.arange(drawn, self.most)])
        if len(chosen) == 0:
            return
        size = max(drawn, int(slots[-1]) + 1)
        self._number = _put(self._number, number, chosen, slots, size)[:size]
        self._scores = _put(self._scores, scores, chosen, slots, self.most)
        self._target = _put(self._target, target, chosen, slots, self.most)

    def merge(self, other: "SampleTally") -> None:
        """Add the rows of another tally."""
        if other._scores is not None and other._target is not None:
            drawn = len(other._number)
            self.add(other._number, other._scores[:drawn], other._target[:drawn])

    def rows(self) -> Drawn:
        """The rows, in the order of their numbers.

        Raises:
            ValueError: There are none.
        """
        if self._scores is None or self._target is None:
            raise ValueError("there is no sample of no rows: call add() first.")
        order = self._number.argsort()
        return Drawn(self._number[order], self._scores[order], self._target[order])

    def __getstate__(self) -> dict[str, object]:
        """The rows without the room behind them."""
        scores, target = (
            None if held is None else held[: len(self._number)].clone() for held in (self._scores, self._target)
        )
        return self.__dict__ | {"_scores": scores, "_target": target}

    def _kept(self, number: Tensor) -> Tensor:
        """Which of some rows are drawn, (n,) bool, of which no more than ``most`` are."""
        mixed = _hash(number)
        self._bound = int(mixed.kthvalue(self.most).values)
        return mixed <= self._bound


def _put(held: Tensor | None, rows: Tensor, chosen: Tensor, slots: Tensor, size: int) -> Tensor:
    """Copy the chosen rows into slots of what is held, for which there is room for ``size`` rows then."""
    dtype = rows.dtype if held is None else torch.promote_types(held.dtype, rows.dtype)
    if held is None or len(held) < size or held.dtype != dtype:
        larger = torch.empty(size, *rows.shape[1:], dtype=dtype)
        held = larger if held is None else larger.index_copy_(0, torch.arange(len(held)), held.to(dtype))
    first, stop = int(slots[0]), int(slots[-1]) + 1
    if stop - first == len(slots) and rows.dtype == dtype:
        torch.index_select(rows, 0, chosen, out=held[first:stop])  # as long as there is room: without a copy between
        return held
    return held.index_copy_(0, slots, rows[chosen].to(dtype))


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
