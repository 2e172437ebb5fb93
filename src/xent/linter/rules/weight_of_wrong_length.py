"""XE304: not one weight for every class."""

import numpy as np
import torch
from torch import Tensor

from xent.linter.call import BINARY, OF_LABELS, Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule


@rule(
    "XE304",
    "weight-of-wrong-length",
    Severity.ERROR,
    losses=(*OF_LABELS, *BINARY),
    fix="""
    counts = xent.imbalance.class_counts(train_labels, num_classes=logits.shape[1])  # of training, not of the batch
    loss = xent.cross_entropy(logits, target, weight=xent.imbalance.inverse_frequency(counts))
    """,
)
def weight_of_wrong_length(call: Call) -> Evidence | None:
    """There is not one weight for every class: they may have been computed from the labels of a batch.

    Why:
        A loss needs one weight for each class of the logits, in their order. Weights that are computed from the
        labels at hand have one for each class that happens to occur, or up to the largest label that occurs: too few,
        and, where they are not in order, those of other classes. In a batch that has all classes nothing is raised,
        and the weights then change from batch to batch.

    Told by:
        ``weight`` of softmax losses is not of shape (C,), ``weight`` and ``pos_weight`` of binary losses do not fit
        the input's shape. If its length is that of the labels in the batch, the finding says so.
    """
    if not call.is_binary:
        weight = call.weight
        return None if weight is None or weight.shape == (call.facts.classes,) else _evidence(call, "weight", weight)
    for name, weight in (("weight", call.weight), ("pos_weight", call.pos_weight)):
        if weight is not None and not _fits(weight, call.input.shape):
            return _evidence(call, name, weight)
    return None


def _fits(weight: Tensor, shape: torch.Size) -> bool:
    """Whether the weight broadcasts to the input's shape; one number for each class of axis 1 is XE308's."""
    if weight.ndim == 1 and len(shape) > 2 and len(weight) == shape[1]:
        return True
    try:
        return np.broadcast_shapes(weight.shape, shape) == shape
    except ValueError:
        return False


def _evidence(call: Call, name: str, weight: Tensor) -> Evidence:
    classes, shape = call.facts.classes, tuple(weight.shape)
    numbers = {"classes": float(classes), "weights": float(weight.numel())}
    return Evidence(f"`{name}` has shape {shape} where there are {classes} classes{_source(call, weight)}", numbers)


def _source(call: Call, weight: Tensor) -> str:
    """Where the length may come from."""
    counts = call.facts.label_counts
    if counts is None or not bool(counts.any()):
        return ""
    present = counts.nonzero().flatten()
    if weight.numel() == len(present):
        return f"; as many as labels that occur in this batch, {len(present)}"
    if weight.numel() == int(present[-1]) + 1:
        return f"; as many as labels up to the largest in this batch, {int(present[-1])}"
    return ""
