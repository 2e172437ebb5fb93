"""ZLPR: the two sides of a row are softmax losses beside a class at 0, which is the label.

    loss = log(1 + sum (1-y) e^z) + log(1 + sum y e^-z)        gradient = (1-y) e^z / (1 + sum) - y e^-z / (1 + sum)

Classes lie along the last axis.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from xent.core.axes import leading
from xent.core.call import ZLPRCall
from xent.core.precision import arithmetic_dtype
from xent.core.targets import counted


class _Side(NamedTuple):
    """One side of every row, in terms of its largest term e^peak, the 1 of the class at 0 among them."""

    terms: Tensor
    peak: Tensor
    rest: Tensor  # what the sum lacks of the total, less 1


def zlpr_rows(call: ZLPRCall) -> Tensor:
    """Loss of every row, in nats; 0 for rows that are not read. Differentiable."""
    return _loss(call, *_sides(call))


def zlpr_gradient(call: ZLPRCall, row_grad: Tensor) -> Tensor:
    """Gradient of sum(row_grad * rows) in the logits, of their shape and dtype. Differentiable."""
    return _gradient(call, *_sides(call), row_grad)


def zlpr_rows_and_gradient(call: ZLPRCall, row_grad: Tensor) -> tuple[Tensor, Tensor]:
    """Both at once."""
    sides = _sides(call)
    return _loss(call, *sides), _gradient(call, *sides, row_grad)


def _sides(call: ZLPRCall) -> tuple[_Side, _Side]:
    """The negative and the positive side."""
    dtype = arithmetic_dtype(call.logits, call.target)
    z, y = call.logits.to(dtype), call.target.to(dtype)
    if (read := counted(call)) is not None:
        unread = ~read.unsqueeze(-1)
        z, y = z.masked_fill(unread, 0.0), y.masked_fill(unread, 0.0)
    return _side(z, torch.log1p(-y), y == 1), _side(-z, torch.log(y), y == 0)


def _side(z: Tensor, log_share: Tensor, gone: Tensor) -> _Side:
    logits = (z.masked_fill(gone, 0.0) + log_share.masked_fill(gone, 0.0)).masked_fill(gone, -math.inf)
    # Neither loss nor gradient depends on it.
    peak = F.pad(logits.detach(), (1, 0)).amax(-1, keepdim=True)
    return _Side(torch.exp(logits - peak), peak, torch.expm1(-peak))


def _loss(call: ZLPRCall, negative: _Side, positive: _Side) -> Tensor:
    losses = [side.peak + torch.log1p(side.terms.sum(-1, keepdim=True) + side.rest) for side in (negative, positive)]
    return _count(call, losses[0] + losses[1]).squeeze(-1)


def _gradient(call: ZLPRCall, negative: _Side, positive: _Side, row_grad: Tensor) -> Tensor:
    push, pull = (side.terms / (side.terms.sum(-1, keepdim=True) + side.rest + 1.0) for side in (negative, positive))
    row_grad = row_grad.to(push.dtype).expand(call.rows_shape).unsqueeze(-1)
    return _count(call, (push - pull) * row_grad).to(call.logits.dtype)


def _count(call: ZLPRCall, of_rows: Tensor) -> Tensor:
    """Times the sample weights; 0 where a row is not read."""
    if call.sample_weight is not None:
        of_rows = of_rows * leading(call.sample_weight, call.logits.ndim).to(of_rows.dtype)
    read = counted(call)
    return of_rows if read is None else of_rows.masked_fill(~read.unsqueeze(-1), 0.0)
