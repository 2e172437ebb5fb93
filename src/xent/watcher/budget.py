"""Which calls are looked at: few enough that observing takes a small share of the time."""

from dataclasses import dataclass
from time import perf_counter

from xent.watcher.place import Place

# Calls of every place that are looked at whatever it costs. What is wrong from the beginning is said at once.
FIRST = 3


@dataclass
class Budget:
    """Time that observing may take.

    Attributes:
        share: Of the time since the beginning, all places together.
        every: Look at every so-manieth call of a place instead, whatever it costs.
        began: When watching began, in seconds of the clock.
    """

    share: float
    every: int | None = None
    began: float = 0.0

    def begin(self) -> None:
        """Start the clock."""
        self.began = perf_counter()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return perf_counter() - self.began

    def allows(self, place: Place, places: int) -> bool:
        """Whether to look at the call that a place has just counted.

        Each place has its own part of the share: else the first loss of every step, which finds the time that the step
        has earned, would leave nothing to the others.

        Args:
            place: The place.
            places: Among how many the share is divided.
        """
        if self.every is not None:
            return (place.calls - 1) % self.every == 0
        if place.looks < FIRST:
            return True
        return place.spent + place.last <= self.share * self.seconds / places
