"""How often predictions of a confidence come true."""

import torch
from torch import Tensor

from xent.audit.tally.sums import Sums

# Bins of equal width in (0, 1], as in Guo et al., On Calibration of Modern Neural Networks, 2017.
BINS = 15


class ReliabilityTally:
    """Predictions by class and confidence.

    Args:
        classes: C.
    """

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self._rows = torch.zeros(classes * BINS, dtype=torch.int64)
        self._true = torch.zeros(classes * BINS, dtype=torch.int64)
        self._stated = Sums(classes * BINS)

    def add(self, predicted: Tensor, stated: Tensor, true: Tensor) -> None:
        """Add predictions of a class, each stated with a probability, and whether it came true; all of shape (n,)."""
        scaled = stated * BINS
        below = scaled.long()
        # Bins hold their upper edges.
        cell = predicted * BINS + (below - (scaled == below).long()).clamp(0, BINS - 1)
        cells = len(self._rows)
        by_truth = torch.bincount(cell + cells * true, minlength=2 * cells)
        self._rows += by_truth[:cells] + by_truth[cells:]
        self._true += by_truth[cells:]
        self._stated.add(cell, stated)

    def merge(self, other: "ReliabilityTally") -> None:
        """Add the predictions of another tally."""
        self._rows += other._rows
        self._true += other._true
        self._stated.merge(other._stated)

    @property
    def rows(self) -> Tensor:
        """Predictions, int64 of shape (C, BINS)."""
        return self._rows.view(self.classes, BINS)

    @property
    def true(self) -> Tensor:
        """How many of them came true, int64 of shape (C, BINS)."""
        return self._true.view(self.classes, BINS)

    @property
    def stated(self) -> Tensor:
        """Sum of their stated probabilities, float64 of shape (C, BINS)."""
        return self._stated.value().view(self.classes, BINS)
