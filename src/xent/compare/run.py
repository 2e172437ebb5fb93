"""One finished run: a loss, a seed, and what its model predicts on the test rows."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from xent.compare.metrics import multi_label, single_label
from xent.compare.shares import Shares
from xent.compare.task import Task, task_of


@dataclass(frozen=True, eq=False)
class Run:
    """The predictions of one model.

    Attributes:
        loss: Name of the candidate.
        seed: The seed.
        logits: Test logits, (N, C), as they are to be used: adjusted, where the candidate adjusts them.
        target: Test labels, (N,), or indicators, (N, C).
        counts: Training count of every class, (C,).
        training_rows: How many rows were trained on.
        class_names: The C names.
        shares: What part the classes have in the training loss and its gradient, before and after training.
        seconds_per_step: Median time of a training step.
        thresholds: Of indicators, the threshold of every class's logits with the best F1 on the training rows, (C,).
    """

    loss: str
    seed: int
    logits: np.ndarray = field(repr=False)
    target: np.ndarray = field(repr=False)
    counts: np.ndarray = field(repr=False)
    training_rows: int
    class_names: tuple[str, ...] = field(repr=False)
    shares: Shares = field(repr=False)
    seconds_per_step: float
    thresholds: np.ndarray | None = field(default=None, repr=False)

    @property
    def task(self) -> Task:
        """Whether a row has one class or any number."""
        return task_of(self.target)

    @cached_property
    def measures(self) -> dict[str, float]:
        """The measures of metrics.MEASURES that there are, by key."""
        if self.thresholds is None:
            found = single_label.measure(self.logits, self.target, self.counts)
        else:
            found = multi_label.measure(self.logits, self.target, self.thresholds)
        return found | {"seconds_per_step": self.seconds_per_step}

    @cached_property
    def by_class(self) -> np.ndarray:
        """Recall of every class, (C,), nan where it has no test row; of indicators its average precision."""
        if self.task == "multi-label":
            return multi_label.average_precision_by_class(self.logits, self.target)
        return single_label.recall_by_class(self.logits, self.target)
