"""Times of contestants that take turns: whatever else the machine does hits all of them."""

import gc
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from time import perf_counter

from xent.bench.memory import page_faults

# Below this the clock and the interruptions of the machine show; a sample repeats its call until it lasts as long.
SAMPLE_SECONDS = 2e-3

# Rounds before the first that counts: contestants that take turns make the heap grow beyond what each needs alone.
WARM_UP_ROUNDS = 2

# More rounds narrow no quartile by anything worth the time.
MOST_ROUNDS = 101


@dataclass(frozen=True)
class Effort:
    """How long to measure: a number of rounds, or at least some and then until the seconds are over.

    Attributes:
        rounds: Rounds, or the fewest of them.
        seconds: Time to fill with further rounds; 0 for none.
    """

    rounds: int
    seconds: float

    def goes_on(self, rounds: int, seconds: float) -> bool:
        """Whether another round follows, after so many rounds and seconds."""
        return rounds < self.rounds or (seconds < self.seconds and rounds < MOST_ROUNDS)


@dataclass(frozen=True)
class Times:
    """Of one contestant: seconds a call, one number a round, and page faults a call (None where not counted)."""

    seconds: tuple[float, ...]
    page_faults: float | None


def interleave(contestants: Mapping[str, Callable[[], object]], effort: Effort) -> dict[str, Times]:
    """Time all contestants once a round. They must have been warmed up.

    Args:
        contestants: What to call, by name.
        effort: How long.
    """
    names = tuple(contestants)
    repetitions = {name: _repetitions(contestants[name]) for name in names}
    seconds: dict[str, list[float]] = {name: [] for name in names}
    faults = dict.fromkeys(names, 0)
    with _no_garbage_collection():
        for name in names * WARM_UP_ROUNDS:
            contestants[name]()
        start, rounds = perf_counter(), 0
        while effort.goes_on(rounds, perf_counter() - start):
            for name in order(names, rounds):
                before = page_faults() or 0
                seconds[name].append(_seconds_a_call(contestants[name], repetitions[name]))
                faults[name] += (page_faults() or 0) - before
            rounds += 1
    counted = page_faults() is not None
    return {
        name: Times(tuple(seconds[name]), faults[name] / (rounds * repetitions[name]) if counted else None)
        for name in names
    }


def order(names: Sequence[str], round: int) -> list[str]:
    """The order of a round: shuffled, so that nobody always finds the caches as the same neighbour left them."""
    return Random(round).sample(names, len(names))


def _repetitions(call: Callable[[], object]) -> int:
    shortest = min(_seconds_a_call(call, 1) for _ in range(5))
    return max(1, math.ceil(SAMPLE_SECONDS / max(shortest, 1e-7)))


def _seconds_a_call(call: Callable[[], object], repetitions: int) -> float:
    start = perf_counter()
    for _ in range(repetitions):
        call()
    return (perf_counter() - start) / repetitions


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
