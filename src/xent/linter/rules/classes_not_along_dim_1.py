"""XE210: the classes of a sequence belong in the second place, not in the last."""

import math
from typing import Any

import torch
from torch import Tensor

from xent.linter.call import OF_LABELS, Call
from xent.linter.facts import DEEPEST
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule

# Standard errors, sequences and nats that the last axis must be ahead by.
SIGNIFICANT = 8.0
SEQUENCES = 16
AHEAD = 0.1

# Sequences that are looked at.
MOST = 4096

# Nodes of the autograd graph that leave the last axis as it is, and those that make it.
KEEPING = ("View", "ToCopy", "Clone", "Reshape")
LINEAR = ("AddmmBackward0", "MmBackward0")


@rule(
    "XE210",
    "classes-not-along-dim-1",
    Severity.ERROR,
    losses=OF_LABELS,
    fix="""
    loss = xent.cross_entropy(logits, target, dim=-1)  # torch: logits.transpose(1, 2) or logits.flatten(0, 1)
    """,
)
def classes_not_along_dim_1(call: Call) -> Evidence | None:
    """Logits of shape (N, T, C) are given where (N, C, T) is read.

    Why:
        The softmax goes over the steps of a sequence instead of over the classes. torch reads the classes along
        the second axis, as in images. As long as T and C differ it complains about the target's shape; where they are
        equal it is silent, and the loss compares a class with the same class at other times.

    Told by:
        The target's shape is that of the logits without their last axis. Where T and C are equal, one of two things is
        asked for in addition: the autograd graph ends in a linear layer that makes the last axis (views aside); or, in
        at least 16 sequences, the softmax over the last axis gives the labels a higher log-likelihood than that over
        the second, by 8 standard errors and 0.1 nats, and than equal probabilities. That is "probably".
    """
    shape, labels = tuple(call.input.shape), tuple(call.target.shape)
    if call.dim != 1 or len(shape) < 3 or labels != shape[:-1] or call.target.is_floating_point():
        return None
    numbers = {"classes": float(shape[-1]), "steps": float(shape[1])}
    given = f"the input has shape {shape} and the target {labels}"
    if not call.facts.has_indices:
        return Evidence(f"{given}, so that the classes are along the last axis; they are read along dim 1", numbers)
    width = _linear_width(call.input)
    if width == shape[-1]:
        return Evidence(
            f"{given}; a linear layer of {width} outputs made the last axis of the input, and dim 1 is read as classes",
            numbers,
            probable=True,
        )
    return _by_likelihood(call, given, numbers)


def _linear_width(input: Tensor) -> int | None:
    """How many outputs the linear layer has that made the input, with only views and casts in between."""
    node: Any = input.grad_fn
    for _ in range(DEEPEST):
        if node is None or not any(word in node.name() for word in KEEPING):
            break
        node = next((before for before, _ in node.next_functions if before is not None), None)
    if node is None or node.name() not in LINEAR:
        return None
    sizes = getattr(node, "_saved_mat2_sym_sizes", None)
    return None if sizes is None else int(sizes[-1])


def _by_likelihood(call: Call, given: str, numbers: dict[str, float]) -> Evidence | None:
    """Whether the last axis tells the labels, and dim 1 does not."""
    logits, target = call.input.detach()[:MOST].float(), call.target[:MOST].long()
    classes = logits.shape[-1]
    fit = (target >= 0) & (target < classes)
    if call.ignore_index is not None:
        fit &= target != call.ignore_index
    known = fit.any(tuple(range(1, fit.ndim)))
    logits, target, fit = logits[known], target[known], fit[known]
    if len(target) < SEQUENCES or classes < 2:
        return None
    labels = target.clamp(0, classes - 1)
    last = _mean(logits.log_softmax(-1).gather(-1, labels.unsqueeze(-1)).squeeze(-1), fit)
    second = _mean(logits.log_softmax(1).gather(1, labels.unsqueeze(1)).squeeze(1), fit)
    ahead, significance = _compare(last - second)
    _, informed = _compare(last + math.log(classes))
    if not (ahead > AHEAD and significance > SIGNIFICANT and informed > SIGNIFICANT):
        return None
    return Evidence(
        f"{given}; the labels' log-likelihood is {float(last.mean()):.3f} with the classes along the last axis and "
        f"{float(second.mean()):.3f} along dim 1",
        {**numbers, "ahead": ahead, "significance": significance},
        probable=True,
    )


def _mean(values: Tensor, fit: Tensor) -> Tensor:
    """The mean of every sequence, over the steps that count."""
    steps = tuple(range(1, fit.ndim))
    return (values.masked_fill(~fit, 0.0).sum(steps) / fit.sum(steps)).double()


def _compare(differences: Tensor) -> tuple[float, float]:
    """Mean and how many standard errors it is from 0."""
    mean, spread = float(differences.mean()), float(torch.std(differences)) / math.sqrt(len(differences))
    return mean, mean / spread if spread > 0 else math.copysign(math.inf, mean)
