"""What every tally does, and what it says where nothing was counted."""

from typing import Protocol

from xent.imbalance.reading import Labels
from xent.imbalance.record import ClassCounts


class Tally(Protocol):
    """Counts so far."""

    def add(self, labels: Labels) -> None:
        """Count these, too."""

    def result(self) -> ClassCounts:
        """What has been counted."""


def nothing_to_count(function: str, ignored: int) -> ValueError:
    """The error for labels of which none is left."""
    found = f"all {ignored} labels are ignored" if ignored else "there are no labels"
    return ValueError(f"{function}: {found}, so there is nothing to count.")
