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
    """

    share: float
    every: int | None = None
    _before: float = 0.0  # seconds until the clock was stopped last
    _began: float | None = None  # when it was started

    def begin(self) -> None:
        """Start the clock."""
        self._began = perf_counter()

    def end(self) -> None:
        """Stop it."""
        self._before, self._began = self.seconds, None

    @property
    def seconds(self) -> float:
        """How long the watch has lasted, without its pauses."""
        return self._before + (perf_counter() - self._began if self._began is not None else 0.0)

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
