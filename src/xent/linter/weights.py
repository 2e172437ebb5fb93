"""Weights and counts of a call in the form that rules compare: one float64 number a class, on the CPU."""

import torch
from torch import Tensor

from xent.linter.call import Call


def class_weights(call: Call) -> Tensor | None:
    """The class weights of a softmax loss, (C,), where there is a finite one above 0 for every class."""
    weight = call.weight
    if weight is None or call.is_binary or weight.shape != (call.facts.classes,):
        return None
    return _if_usable(weight.detach().double().cpu())


def pos_weights(call: Call) -> Tensor | None:
    """The weights of the positives, (C,), where there is a finite one above 0 for every class, or one for all.

    None if they lie along another axis than the last, such as (C, 1, 1) for images.
    """
    weight, classes = call.pos_weight, call.facts.classes
    if weight is None or weight.numel() not in (1, classes):
        return None
    if weight.numel() > 1 and weight.shape[-1] != classes:
        return None
    return _if_usable(weight.detach().double().cpu().reshape(-1).expand(classes))


def training_counts(call: Call) -> Tensor | None:
    """The counts of training, (C,), where there is one above 0 for every class.

    None if they may be those of another axis than the rules look along: images (B, C, H, W) with W = C.
    """
    counts, shape = call.counts, call.input.shape
    if counts is None or counts.shape != (call.facts.classes,):
        return None
    if call.is_binary and len(shape) > 2 and shape[1] == shape[-1]:
        return None
    return _if_usable(counts.cpu())


def class_offset(call: Call) -> Tensor | None:
    """What is added to the logits of every class, (C,), where it is finite."""
    offset = call.transform.offset
    if offset is None or offset.shape != (call.facts.classes,):
        return None
    offset = offset.detach().double().cpu()
    return offset if bool(offset.isfinite().all()) else None


def spread(values: Tensor) -> float:
    """The largest over the smallest."""
    return float(values.max() / values.min())


def _if_usable(values: Tensor) -> Tensor | None:
    usable = values.numel() > 0 and bool(torch.isfinite(values).all()) and bool((values > 0).all())
    return values if usable else None
