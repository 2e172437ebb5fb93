"""Everything that is kept of one pass over predictions."""

from abc import ABC, abstractmethod
from collections import Counter
from typing import Generic, TypeVar

from xent.audit.tally.classes import ClassTally
from xent.audit.tally.reliability import ReliabilityTally
from xent.audit.tally.sample import SampleTally
from xent.audit.tally.sides import SideTally
from xent.audit.tally.suspects import SuspectTally
from xent.predictions import Batch, Kind

OfClasses = TypeVar("OfClasses", ClassTally, SideTally)


class Tally(ABC, Generic[OfClasses]):
    """What is known of the rows so far.

    Args:
        of_classes: Sums over classes, empty.
        classes: C.
        kind: What the scores are.
        suspects: How many suspects to keep.
        sample: How many rows to sample.

    Attributes:
        unreadable: Reason -> how many rows, or elements, were left out for it.
    """

    def __init__(self, of_classes: OfClasses, classes: int, kind: Kind, suspects: int, sample: int) -> None:
        self.kind = kind
        self.classes: OfClasses = of_classes
        self.reliability = ReliabilityTally(classes)
        self.suspects = SuspectTally(suspects)
        self.sample = SampleTally(sample)
        self.unreadable: Counter[str] = Counter()

    @abstractmethod
    def add(self, batch: Batch) -> None:
        """Add some rows."""

    def merge(self, other: "Tally[OfClasses]") -> None:
        """Add the rows of another tally."""
        self.classes.merge(other.classes)
        self.reliability.merge(other.reliability)
        self.suspects.merge(other.suspects)
        self.sample.merge(other.sample)
        self.unreadable += other.unreadable
