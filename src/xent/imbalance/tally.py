"""Counting labels piece by piece: class indices, names, or indicator rows."""

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from xent.imbalance.reading import Labels, Reading
from xent.imbalance.record import ClassCounts

# Without num_classes, a larger label is taken for something else (an id, a hash) before it fills the memory.
MOST_CLASSES = 2**24


class Tally(Protocol):
    """Counts so far."""

    def add(self, labels: Labels) -> None:
        """Count these, too."""

    def result(self) -> ClassCounts:
        """What has been counted."""


def new_tally(reading: Reading, first: Labels) -> Tally:
    """The tally for labels of the kind of ``first``.

    Raises:
        ValueError: If they may be class indices as well as indicator rows, and nobody said which.
        TypeError: If they are strings where indicators are to be read.
    """
    if not isinstance(first, Tensor):
        if reading.multi_label:
            raise TypeError(f"{reading.function}: multi_label=True reads indicator rows of 0 and 1, got strings.")
        return NameTally(reading)
    if reading.multi_label is not None:
        return IndicatorTally(reading) if reading.multi_label else IndexTally(reading)
    if first.ndim != 2:
        return IndexTally(reading)
    if first.dtype == torch.int64:
        raise ValueError(
            f"{reading.function}: integer labels of shape (N, {first.shape[1]}) may be class indices (of tokens, of "
            "pixels) or indicator rows: pass multi_label=False for indices, multi_label=True for indicators."
        )
    return IndicatorTally(reading)


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
            raise _nothing(self._reading.function, self._ignored)
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


class NameTally:
    """Classes by name."""

    # Stands for a label that is left out; cannot be a position in the list of names.
    MISSING = -1

    def __init__(self, reading: Reading) -> None:
        if reading.names is None and reading.num_classes is not None:
            raise TypeError(
                f"{reading.function}: the labels are strings: say which classes there are with names=[...] instead of "
                f"num_classes={reading.num_classes}, or neither to take all that are found."
            )
        self._reading = reading
        self._position = {name: position for position, name in enumerate(reading.names or ())}
        self._tally = IndexTally(Reading(reading.function, ignore_index=self.MISSING))

    def add(self, labels: Labels) -> None:
        """Count names.

        Raises:
            TypeError: If they are no strings.
            ValueError: If one is not among the names that were given.
        """
        if isinstance(labels, Tensor):
            raise TypeError(f"{self._reading.function}: numbers follow on strings. Labels must be of one kind.")
        names = labels.reshape(-1).tolist()
        codes = {name: code for code, name in enumerate(dict.fromkeys(names))}
        self.add_codes(list(codes), torch.from_numpy(np.fromiter(map(codes.__getitem__, names), np.int64, len(names))))

    def add_codes(self, names: list[str], codes: Tensor) -> None:
        """Count positions in a list of names, or MISSING.

        Raises:
            ValueError: If a name is not among those that were given.
        """
        if self._reading.names is not None:
            self._check_known(names, codes)
        positions = [self._position.setdefault(name, len(self._position)) for name in names]
        # MISSING, -1, finds the last.
        self._tally.add(torch.tensor([*positions, self.MISSING])[codes])

    def result(self) -> ClassCounts:
        """What has been counted, in the order of the names given, else sorted."""
        names = self._reading.names or tuple(sorted(self._position))
        found = self._tally.result() if self._position else None
        if found is None or not names:
            raise _nothing(self._reading.function, 0)
        counts = torch.zeros(len(names), dtype=torch.int64)
        counts[: len(found.counts)] = found.counts
        counts = counts[[self._position[name] for name in names]]
        return ClassCounts(counts, counts.sum().expand(len(names)).clone(), found.ignored, names)

    def _check_known(self, names: list[str], codes: Tensor) -> None:
        for code, name in enumerate(names):
            found = torch.nonzero(codes == code)
            if name not in self._position and len(found):
                raise ValueError(
                    f"{self._reading.function}: label {name!r} in row {self._tally.rows + int(found[0])} is not among "
                    f"the {len(self._position)} `names`."
                )


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
            raise _nothing(self._reading.function, 0)
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


def _nothing(function: str, ignored: int) -> ValueError:
    found = f"all {ignored} labels are ignored" if ignored else "there are no labels"
    return ValueError(f"{function}: {found}, so there is nothing to count.")
