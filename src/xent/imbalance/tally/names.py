"""Counting classes by name, as positions in the list of names."""

import numpy as np
import torch
from torch import Tensor

from xent.imbalance.reading import Labels, Reading
from xent.imbalance.record import ClassCounts
from xent.imbalance.tally.indices import IndexTally
from xent.imbalance.tally.tally import nothing_to_count


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
            raise nothing_to_count(self._reading.function, 0)
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
