"""Which rows count, what their labels are, and what label smoothing makes of the target.

    t'_k = (1 - eps) * t_k + eps * prior_k

The softmax prior is uniform unless given, and is renormalised over the classes that remain: those whose
transformed logit is not -inf. The binary prior is the probability of the positive side, 1/2 unless given.
"""

import math
from functools import reduce

import torch
from torch import Tensor

from xent.core.axes import along, leading
from xent.core.call import Call, SigmoidCall, SoftmaxCall


def counted(call: Call) -> Tensor | None:
    """Bool tensor of the rows (softmax) or elements (sigmoid) that are read, or None where all are."""
    parts = []
    if call.mask is not None:
        parts.append(leading(call.mask, len(call.rows_shape)))
    if call.sample_weight is not None:
        parts.append(leading(call.sample_weight, len(call.rows_shape)) != 0)
    if (ignored := call.ignored) is not None:
        parts.append(~ignored)
    return reduce(torch.logical_and, parts) if parts else None


def labels(call: SoftmaxCall, read: Tensor | None) -> Tensor:
    """Class indices (int64, the rows' shape) with a valid class, 0, where the row is not read or lost."""
    label, gone = call.target, lost(call, read)
    if gone is not None:
        label = label.masked_fill(gone, 0)
    return label if read is None else label.masked_fill(~read, 0)


def lost(call: SoftmaxCall, read: Tensor | None) -> Tensor | None:
    """Bool tensor of the rows that are read although their label names no class; None where there are none for sure."""
    if call.labels_known:
        return None
    wrong = (call.target < 0) | (call.target >= call.logits.shape[call.dim])
    return wrong if read is None else wrong & read


def smoothed(target: Tensor, call: SoftmaxCall, remains: Tensor) -> Tensor:
    """Target distribution t' after label smoothing, of the shape of ``target`` (one per class)."""
    eps = call.label_smoothing
    prior = remains.to(target.dtype)
    if call.smoothing_prior is not None:
        prior = prior * along(call.smoothing_prior.to(target.dtype), target.ndim, call.dim)
    total = prior.sum(call.dim, keepdim=True)
    prior = prior / total.masked_fill(total == 0, 1.0)
    return (1.0 - eps) * target + eps * prior


def smoothed_binary(target: Tensor, call: SigmoidCall) -> Tensor:
    """Probability of the positive side after label smoothing, of the shape of ``target``."""
    eps = call.label_smoothing
    if eps == 0:
        return target
    prior = 0.5 if call.smoothing_prior is None else call.smoothing_prior.to(target.dtype)
    return (1.0 - eps) * target + eps * prior


def remaining(transformed: Tensor) -> Tensor:
    """Bool tensor of the classes that take part in the softmax."""
    return transformed != -math.inf
