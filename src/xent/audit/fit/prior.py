"""Whether the prior of the training is still inside the logits, and what taking it out would give.

A model that was trained by plain cross entropy on imbalanced rows favours the frequent classes by log prior. The class
bias that its logits lack on the judged rows is then -tau * log prior: tau is near 1 if these are balanced, and 0 if
there is nothing to take out, because the rows come as in training, or because the loss has done it.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from xent.audit.fit.intervals import Interval, normal_interval
from xent.audit.fit.scaling import fit_scaling
from xent.functional import cross_entropy
from xent.linter.statistics import prior_slope

# Largest over smallest training count from which there is a prior to speak of.
LEAST_RATIO = 1.5


@dataclass(frozen=True)
class Quality:
    """What predictions are worth: accuracy, mean recall of the classes, and cross entropy in nats."""

    accuracy: float
    balanced_accuracy: float
    nll: float


@dataclass(frozen=True, eq=False)
class PriorInside:
    """How much of the training prior is inside.

    Attributes:
        tau: The factor of -log prior that makes the labels most likely.
        log_prior: Of the training, float64 of shape (C,); nan for a class without training rows.
        bias: The class bias, fitted freely, that -tau * log prior is a line through; float64 of shape (C,).
        as_given: What the predictions are worth.
        adjusted: What they are worth with tau * log prior taken off the logits.
    """

    tau: Interval
    log_prior: Tensor
    bias: Tensor
    as_given: Quality
    adjusted: Quality


def prior_inside(logits: Tensor, label: Tensor, counts: Tensor) -> PriorInside | None:
    """Fit tau; None where the counts differ too little to have one, or fewer than two classes have rows.

    Args:
        logits: (n, C).
        label: int64 of shape (n,).
        counts: Training rows of every class, (C,).
    """
    known = counts > 0
    if int(known.sum()) < 2 or float(counts[known].max() / counts[known].min()) < LEAST_RATIO:
        return None
    log_prior = (counts.double() / counts.sum()).log().where(known, torch.nan)
    # What was never trained on has no prior to take out.
    taken = log_prior.nan_to_num(nan=0.0)
    slope = prior_slope(logits.double().log_softmax(1), label, counts.double().clamp(min=1.0))
    adjusted = logits - (slope.tau * taken).to(logits.dtype)
    return PriorInside(
        normal_interval(slope.tau, slope.error),
        log_prior,
        fit_scaling(logits, label, bias=True).bias,
        _quality(logits, label),
        _quality(adjusted, label),
    )


def _quality(logits: Tensor, label: Tensor) -> Quality:
    right = logits.argmax(1) == label
    rows = torch.bincount(label, minlength=logits.shape[1])
    hits = torch.bincount(label[right], minlength=logits.shape[1])
    recall = (hits / rows)[rows > 0]
    return Quality(float(right.double().mean()), float(recall.mean()), float(cross_entropy(logits, label)))
