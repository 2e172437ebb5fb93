"""The rows whose labels a model doubts most."""

import torch
from torch import Tensor

# Columns that are kept of a row.
COLUMNS = ("number", "label", "predicted", "doubt", "nll", "confidence")


class SuspectTally:
    """The ``most`` rows of the largest doubt above 0; of equal ones, those that come first.

    Args:
        most: How many rows, at least 1.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._kept: dict[str, Tensor] = {}

    def add(self, **columns: Tensor) -> None:
        """Add rows: of each its number, label, prediction, doubt, nll and confidence, (n,) each."""
        (worth,) = ((columns["doubt"] > 0) & (columns["doubt"] >= self._least())).nonzero(as_tuple=True)
        if self._kept and not len(worth):
            return
        chosen = {name: columns[name][worth] for name in COLUMNS}
        if self._kept:
            chosen = {name: torch.cat([self._kept[name], chosen[name]]) for name in COLUMNS}
        order = torch.argsort(chosen["number"], stable=True)
        order = order[torch.argsort(chosen["doubt"][order], descending=True, stable=True)][: self.most]
        self._kept = {name: column[order] for name, column in chosen.items()}

    def merge(self, other: "SuspectTally") -> None:
        """Add the rows of another tally."""
        if other._kept:
            self.add(**other._kept)

    def columns(self) -> dict[str, Tensor]:
        """The rows kept, the most doubted first, by column; empty if there are none."""
        return dict(self._kept)

    def _least(self) -> float:
        """The doubt below which no row is kept any more."""
        kept = self._kept.get("doubt")
        return 0.0 if kept is None or len(kept) < self.most else float(kept[-1])
