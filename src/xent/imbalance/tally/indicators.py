"""Counting indicator rows of 0 and 1, whose positives are counted per class."""

import torch
from torch import Tensor

from xent.imbalance.reading import Labels, Reading
from xent.imbalance.record import ClassCounts
from xent.imbalance.tally.tally import nothing_to_count


class IndicatorTally:
    """Rows of 0 and 1, one a class."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._counts = torch.zeros(reading.classes or 0, dtype=torch.int64)
        self._total = self._counts.clone()
        self._ignored = 0
        self._rows = 0

    def add(self, labels: Labels) -> None:
        """Count indicator rows (N, C).

        Raises:
            TypeError: If they are strings.
            ValueError: If they have another shape, or a value is neither 0 nor 1.
        """
        if not isinstance(labels, Tensor):
            raise TypeError(f"{self._reading.function}: strings follow on indicator rows. Labels must be of one kind.")
        self._check_shape(labels)
        positive = labels == 1
        # Of bools none is ignored: True equals 1, and would equal an ignore_index of 1.
        ignored = torch.zeros_like(positive)
        if self._reading.ignore_index is not None and labels.dtype != torch.bool:
            ignored = labels == self._reading.ignore_index
        self._check_values(labels, positive | (labels == 0) | ignored)
        self._counts += (positive & ~ignored).sum(0).cpu()
        self._total += (~ignored).sum(0).cpu()
        self._ignored += int(ignored.sum())
        self._rows += len(labels)

    def result(self) -> ClassCounts:
        """What has been counted."""
        if not self._rows:
            raise nothing_to_count(self._reading.function, 0)
        return ClassCounts(self._counts, self._total, self._ignored, self._reading.names, multi_label=True)

    def _check_shape(self, labels: Tensor) -> None:
        if labels.ndim != 2 or labels.shape[1] == 0:
            raise ValueError(
                f"{self._reading.function}: indicator rows must have shape (N, C), got {tuple(labels.shape)}."
            )
        classes = labels.shape[1]
        if not len(self._counts):
            self._counts, self._total = (torch.zeros(classes, dtype=torch.int64) for _ in range(2))
        if classes != len(self._counts):
            raise ValueError(
                f"{self._reading.function}: indicator rows from row {self._rows} on have {classes} classes, "
                f"not {len(self._counts)}."
            )

    def _check_values(self, labels: Tensor, known: Tensor) -> None:
        if bool(known.all()):
            return
        row, label = torch.nonzero(~known)[0].tolist()
        raise ValueError(
            f"{self._reading.function}: indicator {labels[row, label].item():g} in row {self._rows + row}, class "
            f"{label} is neither 0 nor 1. Soft labels have no counts; unknown ones are left out with ignore_index."
        )
