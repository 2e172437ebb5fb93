"""Of every class: its rows, how many are right, its loss and gradient, and how probable it was said to be."""

import torch
from torch import Tensor

from xent.audit.rows import Rows
from xent.audit.tally.sums import Sums

COUNTS = ("rows", "right", "predicted", "impossible")
SUMS = ("_nll", "_miss", "_probability")


class ClassTally:
    """Sums over the rows of every class, each of shape (C,).

    Args:
        classes: C.

    Attributes:
        rows: Rows with the label.
        right: Those of them that are predicted so.
        predicted: Rows that are predicted to be of the class, right or wrong.
        impossible: Rows whose label has probability 0: their cross entropy is infinite.
    """

    def __init__(self, classes: int) -> None:
        self.rows, self.right, self.predicted, self.impossible = torch.zeros(4, classes, dtype=torch.int64)
        self._nll, self._miss, self._probability = Sums(classes), Sums(classes), Sums(classes)

    def add(self, rows: Rows) -> None:
        """Add some rows."""
        classes = len(self.rows)
        by_truth = torch.bincount(rows.label + classes * (rows.label == rows.predicted), minlength=2 * classes)
        self.rows += by_truth[:classes] + by_truth[classes:]
        self.right += by_truth[classes:]
        self.predicted += torch.bincount(rows.predicted, minlength=classes)
        label, nll = rows.label, rows.nll
        impossible = nll.isinf()
        if bool(impossible.any()):
            self.impossible += torch.bincount(label[impossible], minlength=classes)
            label, nll = label[~impossible], nll[~impossible]
        self._nll.add(label, nll)
        self._miss.add(rows.label, -torch.expm1(-rows.nll))
        self._probability.add_units(rows.probability)

    def merge(self, other: "ClassTally") -> None:
        """Add the rows of another tally."""
        for name in COUNTS:
            getattr(self, name).add_(getattr(other, name))
        for name in SUMS:
            getattr(self, name).merge(getattr(other, name))

    @property
    def nll(self) -> Tensor:
        """Sum of the cross entropy of a class's rows, in nats, without rows whose label is impossible."""
        return self._nll.value()

    @property
    def gradient(self) -> Tensor:
        """Sum of 1 - p at the label, the size of the gradient in its logit, over a class's rows."""
        return self._miss.value()

    @property
    def probability(self) -> Tensor:
        """Sum of the probability that all rows give to a class."""
        return self._probability.value()
