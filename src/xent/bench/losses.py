"""The losses that are timed: how to build each, xent's and torch's, and what to call them with.

xent is a drop-in, so both get the same keywords; where torch has no such loss, its side is the usual formula.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from xent import functional as xent_functional
from xent import nn as xent_nn
from xent.core.event import Event

# Of (input, target).
Criterion = Callable[[Tensor, Tensor], Tensor]

# From keywords, `reduction` among them.
Builder = Callable[..., Criterion]

FOCAL_GAMMA = 2
LABEL_SMOOTHING = 0.1
IGNORE_INDEX = -100


@dataclass(frozen=True)
class Inputs:
    """What a loss is called with: input and target, and the keywords of both sides."""

    input: Tensor
    target: Tensor
    keywords: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Loss:
    """A loss to time.

    Attributes:
        name: The first word of the names of its cases.
        title: What it is, in words.
        build_xent: Builds xent's criterion.
        build_torch: Builds torch's.
        inputs: From a shape and a dtype to what both are called with. Draws from torch's global generator.
        reduction: The reduction to a scalar.
    """

    name: str
    title: str
    build_xent: Builder
    build_torch: Builder
    inputs: Callable[[tuple[int, ...], torch.dtype], Inputs]
    reduction: str = "mean"


def _bound(function: Callable[..., Tensor]) -> Builder:
    """Build a criterion of a function and its keywords."""

    def build(**keywords: Any) -> Criterion:
        def criterion(input: Tensor, target: Tensor) -> Tensor:
            return function(input, target, **keywords)

        return criterion

    return build


def _xent_focal(input: Tensor, target: Tensor, reduction: str) -> Tensor:
    return xent_functional.cross_entropy(input, target, reduction=reduction, event=Event(gamma=FOCAL_GAMMA))


def _torch_focal(input: Tensor, target: Tensor, reduction: str) -> Tensor:
    nll = F.cross_entropy(input, target, reduction="none")
    loss = (1 - torch.exp(-nll)) ** FOCAL_GAMMA * nll
    return loss.mean() if reduction == "mean" else loss


def _labels(shape: tuple[int, ...], dtype: torch.dtype) -> Inputs:
    rows = shape[:1] + shape[2:]
    return Inputs(torch.randn(shape).to(dtype), torch.randint(shape[1], rows))


def _weighted_and_smoothed(shape: tuple[int, ...], dtype: torch.dtype) -> Inputs:
    plain = _labels(shape, dtype)
    weight = (0.5 + torch.rand(shape[1])).to(dtype)
    return Inputs(plain.input, plain.target, {"weight": weight, "label_smoothing": LABEL_SMOOTHING})


def _probabilities(shape: tuple[int, ...], dtype: torch.dtype) -> Inputs:
    return Inputs(torch.randn(shape).to(dtype), torch.randn(shape).softmax(1).to(dtype))


def _half_ignored(shape: tuple[int, ...], dtype: torch.dtype) -> Inputs:
    plain = _labels(shape, dtype)
    ignored = torch.rand(plain.target.shape) < 0.5
    return Inputs(plain.input, plain.target.masked_fill(ignored, IGNORE_INDEX))


def _binary(shape: tuple[int, ...], dtype: torch.dtype) -> Inputs:
    return Inputs(torch.randn(shape).to(dtype), torch.randint(2, shape).to(dtype))


def _binary_pos_weight(shape: tuple[int, ...], dtype: torch.dtype) -> Inputs:
    plain = _binary(shape, dtype)
    return Inputs(plain.input, plain.target, {"pos_weight": (0.5 + torch.rand(shape[1])).to(dtype)})


def _binary_both_weights(shape: tuple[int, ...], dtype: torch.dtype) -> Inputs:
    plain = _binary_pos_weight(shape, dtype)
    return Inputs(plain.input, plain.target, {**plain.keywords, "weight": (0.5 + torch.rand(shape[1])).to(dtype)})


def _binary_probabilities(shape: tuple[int, ...], dtype: torch.dtype) -> Inputs:
    plain = _binary(shape, dtype)
    return Inputs(plain.input.sigmoid(), plain.target)


def _log_probabilities(shape: tuple[int, ...], dtype: torch.dtype) -> Inputs:
    return Inputs(torch.randn(shape).log_softmax(1).to(dtype), torch.randn(shape).softmax(1).to(dtype))


_XENT_CE, _TORCH_CE = _bound(xent_functional.cross_entropy), _bound(F.cross_entropy)
_XENT_BCE = _bound(xent_functional.binary_cross_entropy_with_logits)
_TORCH_BCE = _bound(F.binary_cross_entropy_with_logits)

LOSSES = {
    loss.name: loss
    for loss in (
        Loss(
            "ce-module",
            "cross entropy through the module",
            xent_nn.CrossEntropyLoss,
            torch.nn.CrossEntropyLoss,
            _labels,
        ),
        Loss("ce", "cross entropy", _XENT_CE, _TORCH_CE, _labels),
        Loss(
            "ce-weight-smoothing",
            "cross entropy with class weights and label smoothing",
            _XENT_CE,
            _TORCH_CE,
            _weighted_and_smoothed,
        ),
        Loss("ce-probabilities", "cross entropy with probability targets", _XENT_CE, _TORCH_CE, _probabilities),
        Loss("ce-half-ignored", "cross entropy, half the rows ignored", _XENT_CE, _TORCH_CE, _half_ignored),
        Loss("bce", "binary cross entropy of logits", _XENT_BCE, _TORCH_BCE, _binary),
        Loss("bce-pos-weight", "the same with pos_weight", _XENT_BCE, _TORCH_BCE, _binary_pos_weight),
        Loss("bce-both-weights", "the same with pos_weight and weight", _XENT_BCE, _TORCH_BCE, _binary_both_weights),
        Loss(
            "bce-probabilities",
            "binary cross entropy of probabilities",
            _bound(xent_functional.binary_cross_entropy),
            _bound(F.binary_cross_entropy),
            _binary_probabilities,
        ),
        Loss(
            "kl",
            "Kullback-Leibler divergence of log-probabilities",
            _bound(xent_functional.kl_div),
            _bound(F.kl_div),
            _log_probabilities,
            reduction="batchmean",
        ),
        Loss("focal", "focal loss, gamma 2", _bound(_xent_focal), _bound(_torch_focal), _labels),
    )
}
