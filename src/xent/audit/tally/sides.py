"""Of every class of multi-label rows: positives and negatives, their loss and gradient, and what is predicted."""

import torch
from torch import Tensor

from xent.audit.elements import Elements
from xent.audit.tally.sums import Sums

COUNTS = ("rows", "positives", "predicted", "right_positives", "impossible")
SUMS = ("_nll_positive", "_nll_negative", "_gradient_positive", "_gradient_negative")


class SideTally:
    """Sums over the elements of every class, each of shape (C,).

    Args:
        classes: C.

    Attributes:
        rows: Elements that can be judged.
        positives: Those to which the class applies.
        predicted: Those whose logit is above 0.
        right_positives: Those of which both is true.
        impossible: Those that were said to have probability 0: their cross entropy is infinite.
    """

    def __init__(self, classes: int) -> None:
        counts = torch.zeros(len(COUNTS), classes, dtype=torch.int64)
        self.rows, self.positives, self.predicted, self.right_positives, self.impossible = counts
        self._nll_positive, self._nll_negative = Sums(classes), Sums(classes)
        self._gradient_positive, self._gradient_negative = Sums(classes), Sums(classes)

    def add(self, elements: Elements) -> None:
        """Add some rows."""
        positive = elements.positive
        negative = elements.counted & ~positive
        predicted = elements.logits > 0
        self.rows += elements.counted.sum(0)
        self.positives += positive.sum(0)
        self.predicted += predicted.sum(0)
        self.right_positives += (predicted & positive).sum(0)
        nll, p = elements.nll(), elements.probabilities()
        impossible = nll.isinf()
        self.impossible += impossible.sum(0)
        nll.masked_fill_(impossible, 0.0)
        self._nll_positive.add_columns(nll * positive)
        self._nll_negative.add_columns(nll * negative)
        self._gradient_positive.add_columns((1 - p) * positive)
        self._gradient_negative.add_columns(p * negative)

    def merge(self, other: "SideTally") -> None:
        """Add the rows of another tally."""
        for name in COUNTS:
            getattr(self, name).add_(getattr(other, name))
        for name in SUMS:
            getattr(self, name).merge(getattr(other, name))

    @property
    def nll_positive(self) -> Tensor:
        """Sum of the binary cross entropy of the positives, in nats, without impossible ones."""
        return self._nll_positive.value()

    @property
    def nll_negative(self) -> Tensor:
        """Sum of the binary cross entropy of the negatives, in nats, without impossible ones."""
        return self._nll_negative.value()

    @property
    def gradient_positive(self) -> Tensor:
        """Sum of 1 - p over the positives: the size of their gradient."""
        return self._gradient_positive.value()

    @property
    def gradient_negative(self) -> Tensor:
        """Sum of p over the negatives: the size of their gradient."""
        return self._gradient_negative.value()

    @property
    def probability(self) -> Tensor:
        """Sum of p over all elements."""
        of_positives: Tensor = self.positives - self.gradient_positive
        return of_positives + self.gradient_negative
