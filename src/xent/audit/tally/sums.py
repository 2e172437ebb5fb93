"""Sums that do not depend on the order or the grouping of what is added, so that any split of the data gives the same.

They are kept in fixed point, as integers: a whole part and a part in units of 2^-40, each of 64 bits.
"""

import torch
from torch import Tensor

UNIT_BITS = 40
UNIT = 2.0**-UNIT_BITS

# Additions of parts below 1 after which 64 bits might not hold them any more.
MOST_ADDITIONS = 1 << (62 - UNIT_BITS)

# Whole columns are summed in units of 2^-24: in float64 that is exact, whatever the order, for 2^15 rows of numbers
# below 2^14, which no cross entropy of float32 reaches.
COLUMN_BITS = 24
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
            whole = exact.floor()
            self._whole.index_add_(0, group[some], whole.long())
            self._parts.index_add_(0, group[some], ((exact - whole) / UNIT).round().long())
            self._carry()

    def add_columns(self, values: Tensor) -> None:
        """Add every column of ``values`` (n, groups) to its sum; exact to 2^-25 a value. Writes to ``values``."""
        for first in range(0, len(values), MOST_ROWS):
            units = values[first : first + MOST_ROWS].mul_(1 << COLUMN_BITS).round_().sum(0, dtype=torch.float64)
            self._parts += units.long() << (UNIT_BITS - COLUMN_BITS)
            self._carry()

    def merge(self, other: "Sums") -> None:
        """Add the sums of ``other``."""
        self._whole += other._whole
        self._parts += other._parts
        self._carry()

    def value(self) -> Tensor:
        """The sums, float64 of shape (groups,)."""
        return self._whole.double() + self._parts.double() * UNIT

    def _carry(self) -> None:
        self._whole += self._parts >> UNIT_BITS
        self._parts &= (1 << UNIT_BITS) - 1
