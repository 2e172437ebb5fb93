"""One finished run: a loss, a seed, and what its model predicts on the test rows."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from xent.compare.metrics import measure, recall_by_class


@dataclass(frozen=True, eq=False)
class Run:
    """The predictions of one model.

    Attributes:
        loss: Name of the candidate.
        seed: The seed.
        logits: Test logits, (N, C), as they are to be used: adjusted, where the candidate adjusts them.
        labels: Test labels, (N,).
        counts: Training count of every class, (C,).
        seconds_per_step: Median time of a training step.
    """

    loss: str
    seed: int
    logits: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    counts: np.ndarray = field(repr=False)
    seconds_per_step: float

    @cached_property
    def measures(self) -> dict[str, float]:
        """Every measure of metrics.MEASURES, by key."""
        return measure(self.logits, self.labels, self.counts) | {"seconds_per_step": self.seconds_per_step}

    @cached_property
    def recall(self) -> np.ndarray:
        """Recall of every class, (C,)."""
        return recall_by_class(self.logits, self.labels)
