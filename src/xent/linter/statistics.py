"""Statistics that several rules need: lines through points, shares of the head, the prior inside predictions."""

import math
from typing import NamedTuple

from torch import Tensor

# Newton's steps for a single number; the loss is convex in it, and few are needed.
STEPS = 30


class Line(NamedTuple):
    """The least-squares line of y on x: its slope, and the correlation of both (0 where one of them is constant)."""

    slope: float
    correlation: float


def line(x: Tensor, y: Tensor) -> Line:
    """The line of y on x."""
    x, y = x - x.mean(), y - y.mean()
    xx, xy, yy = float((x * x).sum()), float((x * y).sum()), float((y * y).sum())
    if min(xx, yy) < 1e-18:
        return Line(0.0, 0.0)
    return Line(xy / xx, xy / math.sqrt(xx * yy))


class HeadShare(NamedTuple):
    """How much of the rows falls to the classes that are frequent in training.

    Attributes:
        seen: Their share of the rows.
        as_counted: Their share of the training rows.
        if_balanced: Their share if all classes came equally often.
        from_counts: How far seen lies above as_counted, in standard deviations.
        way: How far seen has gone from as_counted, 0, to if_balanced, 1.
    """

    seen: float
    as_counted: float
    if_balanced: float
    from_counts: float
    way: float


def head_share(labels: Tensor, counts: Tensor) -> HeadShare | None:
    """The share of the classes with more than the average count; None if there are none, or no rows.

    Args:
        labels: Rows of every class, (C,).
        counts: Training rows of every class, (C,).
    """
    head = counts > counts.mean()
    rows = float(labels.sum())
    if not bool(head.any()) or rows == 0:
        return None
    seen = float(labels[head].sum()) / rows
    counted, balanced = float(counts[head].sum() / counts.sum()), float(head.double().mean())
    deviation = math.sqrt(max(counted * (1 - counted), 1e-12) / rows)
    return HeadShare(seen, counted, balanced, (seen - counted) / deviation, (seen - counted) / (balanced - counted))


class PriorSlope(NamedTuple):
    """By how much of -log prior predictions have to be moved to fit their labels best.

    Attributes:
        tau: This part.
        error: Its standard error.
        fitted: Cross entropy of the predictions that have been moved, mean over the rows, in nats.
    """

    tau: float
    error: float
    fitted: float


def prior_slope(log_probabilities: Tensor, labels: Tensor, counts: Tensor) -> PriorSlope:
    """The tau for which softmax(log p - tau log prior) has the least cross entropy.

    1 for predictions that follow the prior on rows that are balanced, 0 for those that fit the rows as they are.

    Args:
        log_probabilities: (R, C).
        labels: (R,), at least one.
        counts: Training rows of every class, (C,), above 0.
    """
    direction = counts.log().mean() - counts.log()
    wanted = direction[labels].sum()
    tau, information, log_p = 0.0, wanted.new_tensor(1e-12), log_probabilities
    for _ in range(STEPS):
        log_p = (log_probabilities + tau * direction).log_softmax(-1)
        p = log_p.exp()
        mean = p @ direction
        information = (p @ direction.square() - mean.square()).sum().clamp(min=1e-12)
        step = float((wanted - mean.sum()) / information)
        if abs(step) < 1e-6:
            break
        tau += max(-1.0, min(1.0, step))
    return PriorSlope(tau, float(information.rsqrt()), -float(log_p.gather(1, labels[:, None]).mean()))


def entropy(counts: Tensor) -> float:
    """Entropy of a distribution that is given by counts, in nats."""
    shares = counts[counts > 0] / counts.sum()
    return -float((shares * shares.log()).sum())
