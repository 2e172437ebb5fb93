"""Counting class indices."""

import torch
from torch import Tensor

from xent.imbalance.reading import Labels, Reading
from xent.imbalance.record import ClassCounts
from xent.imbalance.tally.tally import nothing_to_count

# Without num_classes, a larger label is taken for something else (an id, a hash) before it fills the memory.
MOST_CLASSES = 2**24


class IndexTally:
    """Class indices, of any shape; the first axis is the rows'."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._counts = torch.zeros(reading.classes or 0, dtype=torch.int64)
        self._ignored = 0
        self._rows = 0

    def add(self, labels: Labels) -> None:
        """Count class indices.

        Raises:
            TypeError: If they are no integers.
            ValueError: If one names no class.
        """
        function = self._reading.function
        if not isinstance(labels, Tensor):
            raise TypeError(f"{function}: strings follow on class indices. Labels must be of one kind.")
        if labels.numel() == 0:
            # NumPy makes an array of floats of an empty list.
            return
        if labels.is_floating_point() or labels.is_complex():
            raise TypeError(
                f"{function}: class indices must be integers, got {labels.dtype}. Pass labels.long() if they are "
                "whole numbers; multi_label=True counts indicator rows of shape (N, C)."
            )
        kept = labels.to(torch.int64).reshape(-1)
        if self._reading.ignore_index is not None:
            kept = kept[kept != self._reading.ignore_index]
        self._ignored += labels.numel() - kept.numel()
        if kept.numel():
            self._check_range(labels, kept)
            self._count(kept)
        self._rows += len(labels)

    def result(self) -> ClassCounts:
        """What has been counted."""
        if not len(self._counts):
            raise nothing_to_count(self._reading.function, self._ignored)
        total = self._counts.sum().expand(len(self._counts)).clone()
        return ClassCounts(self._counts, total, self._ignored, self._reading.names)

    @property
    def rows(self) -> int:
        """How many rows have been seen."""
        return self._rows

    def _count(self, kept: Tensor) -> None:
        counts = torch.bincount(kept, minlength=len(self._counts)).cpu()
        counts[: len(self._counts)] += self._counts
        self._counts = counts

    def _check_range(self, labels: Tensor, kept: Tensor) -> None:
        classes = self._reading.classes or MOST_CLASSES
        least, most = (int(bound) for bound in kept.aminmax())
        if least >= 0 and most < classes:
            return
        wrong = least if least < 0 else most
        place = torch.nonzero(labels == wrong)[0].tolist()
        row = f"row {self._rows + place[0]}" + (f", position {tuple(place[1:])}" if place[1:] else "")
        if self._reading.classes is None:
            known = "an index from 0 on" if wrong < 0 else f"one of at most {classes} classes"
            advice = "" if wrong < 0 else ", or pass num_classes"
        else:
            known, advice = f"one of the {classes} classes 0 to {classes - 1}", ", or raise num_classes"
        raise ValueError(
            f"{self._reading.function}: label {wrong} in {row} is not {known}. Leave it out with ignore_index={wrong}"
            f"{advice}."
        )
