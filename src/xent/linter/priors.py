"""How much of the training prior is inside saved predictions: 1 for plain training, 0 where it was taken out."""

from typing import NamedTuple

import torch
from torch import Tensor

from xent.linter.call import Call
from xent.linter.statistics import entropy, prior_slope
from xent.linter.weights import spread, training_counts

# Largest over smallest training count from which the prior can be told from the predictions.
IMBALANCE = 5.0

# Rows that a slope needs.
ROWS = 50

# The cross entropy after the fit, as a part of the labels' entropy, up to which a model has learned something. One that
# has not, has any slope.
LEARNED = 0.6


class Prior(NamedTuple):
    """The prior in predictions, as powers of the training prior.

    Attributes:
        inside: In the predictions: 1 after plain training, 0 for balanced ones, -1 where it was taken out twice.
        of_rows: In the labels of the rows: 1 if they come as in training, 0 if they are balanced.
        tau: The difference, which has to be subtracted for the predictions to fit these rows.
        error: Standard error of tau.
    """

    inside: float
    of_rows: float
    tau: float
    error: float


def prior_in(call: Call) -> Prior | None:
    """The prior in single-label predictions, if there are counts, rows enough, and something was learned."""
    counts, predicted = training_counts(call), call.facts.predicted
    if counts is None or predicted is None or spread(counts) < IMBALANCE:
        return None
    log_p, labels = predicted
    if len(labels) < ROWS:
        return None
    found = prior_slope(log_p, labels, counts)
    if found.fitted > LEARNED * entropy(torch.bincount(labels).double()):
        return None
    of_rows = _power_of_rows(labels, counts)
    return Prior(found.tau + of_rows, of_rows, found.tau, found.error)


def _power_of_rows(labels: Tensor, counts: Tensor) -> float:
    """The s for which the labels come most likely as n^s does."""
    equal = torch.zeros(1, dtype=torch.float64).expand(len(labels), len(counts))
    return -prior_slope(equal, labels, counts).tau
