"""From the tallies to what they mean: the loss beside what it is to be compared with, and every class."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from xent.audit.results import Loss, OfClass, Reliability
from xent.audit.tally.classes import ClassTally
from xent.audit.tally.sides import SideTally


class Sizes(NamedTuple):
    """Of every class, float64 of shape (C,) each.

    Attributes:
        rows: Judged rows with it (multi-label: to which it applies).
        judged: Judged rows or elements.
        right: Of ``rows``, how many are found.
        predicted: Rows that are predicted to have it.
        nll: Sum of the loss of ``rows``, without impossible labels.
        loss: Sum of the loss of all its elements; of single-label rows the same.
        gradient: Sum of the size of the gradient.
        probability: Sum of its probability over the judged rows.
        impossible: Labels that were said to be impossible.
        others_right: Of the rows without it, how many are not predicted to have it; multi-label only.
    """

    rows: Tensor
    judged: Tensor
    right: Tensor
    predicted: Tensor
    nll: Tensor
    loss: Tensor
    gradient: Tensor
    probability: Tensor
    impossible: Tensor
    others_right: Tensor | None


def sizes(tally: ClassTally | SideTally) -> Sizes:
    """What either tally says, by one name, in float64."""
    if isinstance(tally, ClassTally):
        rows = tally.rows.double()
        return Sizes(
            rows=rows,
            judged=rows.sum().expand_as(rows),
            right=tally.right.double(),
            predicted=tally.predicted.double(),
            nll=tally.nll,
            loss=tally.nll,
            gradient=tally.gradient,
            probability=tally.probability,
            impossible=tally.impossible.double(),
            others_right=None,
        )
    positives, judged, right = tally.positives.double(), tally.rows.double(), tally.right_positives.double()
    predicted = tally.predicted.double()
    return Sizes(
        rows=positives,
        judged=judged,
        right=right,
        predicted=predicted,
        nll=tally.nll_positive,
        loss=tally.nll_positive + tally.nll_negative,
        gradient=tally.gradient_positive + tally.gradient_negative,
        probability=tally.probability,
        impossible=tally.impossible.double(),
        others_right=judged - positives - (predicted - right),
    )


def loss_facts(size: Sizes, reliability: Reliability, prior: Tensor | None) -> Loss:
    """The loss, and what it is to be compared with.

    Args:
        size: Of the classes.
        reliability: Stated probabilities and what came true.
        prior: Frequency of every class in training, (C,), if it is known.
    """
    impossible = int(size.impossible.sum())
    judged = int(size.judged.sum()) if size.others_right is not None else int(size.judged[0])
    possible = float(size.loss.sum()) / max(judged - impossible, 1)
    frequency, predicted = size.rows / size.judged, size.probability / size.judged
    right = size.right.sum() + (0 if size.others_right is None else size.others_right.sum())
    return Loss(
        nll=math.inf if impossible else possible,
        nll_possible=possible,
        impossible=impossible,
        label_entropy=_cross_entropy(frequency, frequency, size),
        training_prior=None if prior is None else _known(_cross_entropy(frequency, prior, size)),
        accuracy=float(right) / judged,
        balanced_accuracy=_balanced(size),
        calibration_error=reliability.error(),
        divergence=_cross_entropy(frequency, predicted, size) - _cross_entropy(frequency, frequency, size),
    )


def class_facts(size: Sizes, names: tuple[str, ...], counts: Tensor | None, bias: Tensor | None) -> tuple[OfClass, ...]:
    """Every class, by index."""
    columns = {
        "recall": size.right / size.rows,
        "precision": size.right / size.predicted,
        "nll": size.nll / size.rows,
        "loss_share": size.loss / size.loss.sum(),
        "gradient_share": size.gradient / size.gradient.sum(),
        "label_share": size.rows / size.judged,
        "predicted_share": size.probability / size.judged,
    }
    values = {name: column.tolist() for name, column in columns.items()}
    return tuple(
        OfClass(
            number=number,
            name=name,
            training_rows=None if counts is None else float(counts[number]),
            rows=int(size.rows[number]),
            bias=None if bias is None else float(bias[number]),
            **{key: column[number] for key, column in values.items()},
        )
        for number, name in enumerate(names)
    )


def _cross_entropy(frequency: Tensor, stated: Tensor, size: Sizes) -> float:
    """Of class frequencies: of one choice among the classes, or the mean of as many choices of yes and no."""
    surprise = -torch.special.xlogy(frequency, stated)
    if size.others_right is None:
        return float(surprise.sum())
    # A class without judged elements has no frequency.
    return float((surprise - torch.special.xlogy(1 - frequency, 1 - stated)).nanmean())


def _known(nll: float) -> float | None:
    return nll if math.isfinite(nll) else None


def _balanced(size: Sizes) -> float:
    """Mean of the recalls that there are."""
    recalls = [size.right / size.rows]
    if size.others_right is not None:
        recalls.append(size.others_right / (size.judged - size.rows))
    return float(torch.cat(recalls).nanmean())
