"""A loss to compare."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from xent.compare.task import Task
from xent.imbalance import ClassCounts


def as_they_are(logits: Tensor) -> Tensor:
    """The logits."""
    return logits


@dataclass(frozen=True, eq=False)
class Candidate:
    """A loss to compare.

    Attributes:
        name: What ``--losses`` calls it.
        title: What it does, in words.
        source: Authors and year.
        task: What it is a loss for.
        code: Lines to copy, which build the same loss from ``train_labels`` (and ``epochs``, for a schedule).
        criterion: From the training counts and the number of epochs to the loss module.
        cosines: Whether its logits are cosines, so that the last layer of the model is normalised.
        prediction: From what the model returns to the logits to predict with.
        adjustment: From the training counts to what is subtracted, (C,), from the logits of the model that plain
            cross entropy trained. Such a candidate needs no training of its own.
    """

    name: str
    title: str
    source: str
    task: Task
    code: str
    criterion: Callable[[ClassCounts, int], nn.Module]
    cosines: bool = False
    prediction: Callable[[Tensor], Tensor] = as_they_are
    adjustment: Callable[[ClassCounts], Tensor] | None = None
