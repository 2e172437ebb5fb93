"""Rows of predictions that are looked at together."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Batch:
    """Some rows, one after another, of all the predictions.

    Attributes:
        scores: (n, C), of the floating dtype of the file.
        target: Labels, (n,) int64, as they stand in the file: also such as are no class. Or, of multi-label
            predictions, indicators, (n, C), of the file's dtype, bool, integer or floating.
        first: Number of the first of the rows, over all files.
    """

    scores: Tensor
    target: Tensor
    first: int

    def __len__(self) -> int:
        return len(self.target)

    @property
    def numbers(self) -> Tensor:
        """Number of each row, over all files, int64 of shape (n,)."""
        return torch.arange(self.first, self.first + len(self))
