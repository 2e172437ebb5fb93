"""One of the numbers that a run is judged by."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Measure:
    """One of the numbers that a run is judged by.

    Attributes:
        key: Its name in files.
        title: Its name for people.
        unit: Of the number.
        higher_is_better: Which way is better.
        meaning: What it says, in words.
        contested: Whether a loss can win on it.
    """

    key: str
    title: str
    unit: Literal["fraction", "nats", "seconds"]
    higher_is_better: bool
    meaning: str
    contested: bool = True


SECONDS_PER_STEP = Measure(
    "seconds_per_step",
    "time per step",
    "seconds",
    False,
    "median of the training, one thread",
    # It is shown, but nobody wins on it: the losses differ by microseconds, the machine by more.
    contested=False,
)


def by_key(*measures: Measure) -> dict[str, Measure]:
    """The measures, in their order, by key."""
    return {measure.key: measure for measure in measures}
