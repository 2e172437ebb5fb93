"""From runs to findings: mean and spread over the seeds, paired differences, and who wins on what."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.stats import t as student_t

from xent.compare.candidates import BASELINE
from xent.compare.metrics import MAIN, MEASURES, Measure, head_to_tail
from xent.compare.run import Run
from xent.compare.task import Task

CONFIDENCE = 0.95
# Of one value, and at least: so far apart rounding alone brings what is mathematically the same. A training in float32
# adds in another order where the weights of the classes are all 1, say; seen were 1e-7 of a nat after 60 epochs.
ROUNDING, LEAST_ROUNDING = 1e-6, 1e-7


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation (n-1 in the denominator) over the seeds; no deviation of one seed."""

    mean: float
    deviation: float | None

    @classmethod
    def of(cls, values: np.ndarray) -> "Spread":
        """Of one value a seed."""
        return cls(float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else None)


@dataclass(frozen=True)
class PairedDifference:
    """How much two losses differ, seed by seed: both see the same rows, initial weights and batches.

    Attributes:
        mean: Mean difference.
        low: Lower end of the 95% t interval of the mean; None with one seed.
        high: Upper end of it.
        better: Number of seeds in which the first loss is better.
        seeds: Number of seeds.
    """

    mean: float
    low: float | None
    high: float | None
    better: int
    seeds: int

    @classmethod
    def of(cls, values: np.ndarray, others: np.ndarray, higher_is_better: bool) -> "PairedDifference":
        """Of ``values`` minus ``others``, one value a seed each; what is equal but for rounding differs by 0."""
        difference = np.where(_equal(values, others), 0.0, values - others)
        mean, seeds = float(difference.mean()), len(difference)
        better = int((difference > 0).sum() if higher_is_better else (difference < 0).sum())
        if seeds == 1:
            return cls(mean, None, None, better, seeds)
        error = difference.std(ddof=1) / math.sqrt(seeds)
        half = float(student_t.ppf((1 + CONFIDENCE) / 2, seeds - 1) * error)
        return cls(mean, mean - half, mean + half, better, seeds)

    @property
    def told_apart(self) -> bool:
        """Whether the interval excludes 0."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


@dataclass(frozen=True)
class Winner:
    """The loss with the best mean of a measure.

    Attributes:
        measure: The measure.
        loss: Its name; of losses that tie the first.
        tied: The others whose mean is the same but for rounding.
        spread: Its mean and deviation.
        against_baseline: Paired difference to the plain loss; None if that is the winner itself.
        not_told_apart: The other losses whose paired difference to the winner has an interval with 0 in it.
    """

    measure: Measure
    loss: str
    tied: tuple[str, ...]
    spread: Spread
    against_baseline: PairedDifference | None
    not_told_apart: tuple[str, ...]


def mean_over_seeds(values: np.ndarray) -> np.ndarray:
    """Mean over the first axis of what is not nan, (C,); nan where all is."""
    return np.ma.masked_invalid(values).mean(axis=0).filled(np.nan)  # type: ignore[no-any-return]


def _equal(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Whether values are the same but for rounding."""
    equal: np.ndarray = np.isclose(values, others, rtol=ROUNDING, atol=LEAST_ROUNDING)
    return equal


class Results:
    """The runs of a comparison, every loss with the same seeds.

    Args:
        runs: All of them, in the order in which the losses are to be shown.

    Attributes:
        runs: The same.
        losses: Names of the losses, in that order.
        seeds: Number of seeds.
        task: Whether a row has one class or any number.
        class_names: Names of the classes.
        baseline: Name of the plain loss.
    """

    def __init__(self, runs: list[Run]) -> None:
        self.runs = runs
        self.losses = tuple(dict.fromkeys(run.loss for run in runs))
        self.seeds = len({run.seed for run in runs})
        self.task: Task = runs[0].task
        self.class_names = runs[0].class_names
        self.baseline = BASELINE[self.task]

    @cached_property
    def measures(self) -> dict[str, Measure]:
        """The measures that every run has, by key: two classes have no middle, and a class may have no test row."""
        everywhere = set.intersection(*(set(run.measures) for run in self.runs))
        return {key: measure for key, measure in MEASURES[self.task].items() if key in everywhere}

    @property
    def main(self) -> Measure:
        """The measure that the recommendation goes by."""
        return MEASURES[self.task][MAIN[self.task]]

    def of_loss(self, loss: str) -> list[Run]:
        """The runs of one loss, by seed."""
        return sorted((run for run in self.runs if run.loss == loss), key=lambda run: run.seed)

    def values(self, loss: str, measure: str) -> np.ndarray:
        """One value a seed, (seeds,)."""
        return np.array([run.measures[measure] for run in self.of_loss(loss)])

    def spread(self, loss: str, measure: str) -> Spread:
        """Mean and deviation over the seeds."""
        return Spread.of(self.values(loss, measure))

    def difference(self, loss: str, other: str, measure: str) -> PairedDifference:
        """Paired difference of two losses."""
        return PairedDifference.of(
            self.values(loss, measure), self.values(other, measure), self.measures[measure].higher_is_better
        )

    def by_class_from_head(self, loss: str) -> np.ndarray:
        """Recall, or average precision, of the classes from head to tail, (seeds, C); nan where there is none."""
        return np.stack([run.by_class[head_to_tail(run.counts)] for run in self.of_loss(loss)])

    def best(self, measure: str) -> str:
        """The loss with the best mean; of those that tie the first."""
        return self.leaders(measure)[0]

    def leaders(self, measure: str) -> tuple[str, ...]:
        """The losses whose mean is the best, but for rounding."""
        means = np.array([self.spread(loss, measure).mean for loss in self.losses])
        best = means.max() if self.measures[measure].higher_is_better else means.min()
        return tuple(loss for loss, level in zip(self.losses, _equal(means, best), strict=True) if level)

    @cached_property
    def winners(self) -> dict[str, Winner]:
        """The winner of every contested measure, by its key."""
        return {key: self._winner(key) for key, measure in self.measures.items() if measure.contested}

    def _winner(self, measure: str) -> Winner:
        winner, *tied = self.leaders(measure)
        return Winner(
            measure=self.measures[measure],
            loss=winner,
            tied=tuple(tied),
            spread=self.spread(winner, measure),
            against_baseline=None if winner == self.baseline else self.difference(winner, self.baseline, measure),
            not_told_apart=tuple(
                loss for loss in self.losses if loss != winner and not self.difference(winner, loss, measure).told_apart
            ),
        )
