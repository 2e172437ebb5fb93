"""Sums that do not depend on the order or the grouping of what is added, so that any split of the data gives the same.

They are kept in fixed point, as integers: a whole part and a part in units of 2^-40, each of 64 bits.
"""

import torch
from torch import Tensor

from xent.core import survey

UNIT_BITS = 40
UNIT = 2.0**-UNIT_BITS

# The parts are added in two halves, and their wholes as they are: up to so many additions, float64 holds the sums of
# halves, and those of wholes up to 2^31, exactly.
HALF_BITS = UNIT_BITS // 2
HALF_MASK = (1 << HALF_BITS) - 1
MOST_ADDITIONS = 1 << 22

# Whole columns are summed in units of 2^-24: in float64 that is exact, whatever the order, for 2^15 rows of numbers
# below 2^14, which no cross entropy of float32 reaches.
COLUMN_BITS = survey.UNIT_BITS
MOST_ROWS = 1 << 15


class Sums:
    """Sums of finite numbers of at least 0, one for each of some groups.

    Args:
        groups: How many sums.
    """

    def __init__(self, groups: int) -> None:
        self._whole = torch.zeros(groups, dtype=torch.int64)
        self._parts = torch.zeros(groups, dtype=torch.int64)

    def add(self, group: Tensor, values: Tensor) -> None:
        """Add ``values`` (n,), each to the sum of its ``group`` (n,); exact to 2^-41 a value."""
        for first in range(0, len(values), MOST_ADDITIONS):
            some = slice(first, first + MOST_ADDITIONS)
            exact = values[some].double()
            whole = exact.long()
            parts = ((exact - whole) / UNIT + 0.5).long()
            self._whole += self._sum(group[some], whole)
            self._parts += self._sum(group[some], parts & HALF_MASK)
            self._parts += self._sum(group[some], parts >> HALF_BITS) << HALF_BITS
            self._carry()

    def add_columns(self, values: Tensor) -> None:
        """Add every column of ``values`` (n, groups) to its sum; exact to 2^-25 a value. Writes to ``values``."""
        for first in range(0, len(values), MOST_ROWS):
            units = values[first : first + MOST_ROWS].mul_(1 << COLUMN_BITS).round_().sum(0, dtype=torch.float64)
            self.add_units(units.long())

    def add_units(self, units: Tensor) -> None:
        """Add ``units`` (groups,) of 2^-24 to the sums, int64, at most 2^46 each."""
        self._parts += units << (UNIT_BITS - COLUMN_BITS)
        self._carry()

    def merge(self, other: "Sums") -> None:
        """Add the sums of ``other``."""
        self._whole += other._whole
        self._parts += other._parts
        self._carry()

    def value(self) -> Tensor:
        """The sums, float64 of shape (groups,)."""
        return self._whole.double() + self._parts.double() * UNIT

    def _sum(self, group: Tensor, numbers: Tensor) -> Tensor:
        """Sums of integers; exact in float64, which bincount adds several times as fast as index_add int64."""
        return torch.bincount(group, weights=numbers.double(), minlength=len(self._whole)).long()

    def _carry(self) -> None:
        self._whole += self._parts >> UNIT_BITS
        self._parts &= (1 << UNIT_BITS) - 1
