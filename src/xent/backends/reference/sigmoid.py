"""The sigmoid link: every element is a softmax over (0, z), with an event for each of its two sides.

    -log sigmoid(z) = softplus(-z)      -log(1 - sigmoid(z)) = softplus(z)      1 - sigmoid(z) = sigmoid(-z)

taken as they stand, so that neither side is formed as a difference.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from xent.backends.reference.distance import distance_factor, distance_slope
from xent.core.axes import leading
from xent.core.call import SigmoidCall
from xent.core.event import phi, slope, weigh
from xent.core.logits import IDENTITY, transform, transform_slope
from xent.core.precision import arithmetic_dtype
from xent.core.targets import counted, smoothed_binary

LAST = -1  # the axis that settings of shape (C,) lie along, as torch broadcasts


class _Elements(NamedTuple):
    """Elements made ready."""

    raw: Tensor  # logits, zero where an element is not read
    z: Tensor  # transformed logits
    target: Tensor  # smoothed, zero where an element is not read
    read: Tensor | None
    positive: Tensor  # what the loss of the positive side is multiplied by
    negative: Tensor


def sigmoid_rows(call: SigmoidCall) -> Tensor:
    """Loss of every element, in nats, of the logits' shape; 0 for elements that are not read. Differentiable."""
    return _loss(call, _settle(call))


def sigmoid_gradient(call: SigmoidCall, row_grad: Tensor) -> Tensor:
    """Gradient of sum(row_grad * rows) in the logits, of their shape and dtype. Differentiable.

    Args:
        call: The loss call.
        row_grad: Gradient of the result in every element's loss, broadcastable to the logits' shape.
    """
    return _gradient(call, _settle(call), row_grad)


def sigmoid_rows_and_gradient(call: SigmoidCall, row_grad: Tensor) -> tuple[Tensor, Tensor]:
    """Both at once."""
    elements = _settle(call)
    return _loss(call, elements), _gradient(call, elements, row_grad)


def _loss(call: SigmoidCall, elements: _Elements) -> Tensor:
    z, read = elements.z, elements.read
    loss = _both_sides(call, elements)
    if call.distance:
        loss = weigh(distance_factor(z, elements.target, call.distance), loss)
    return loss if read is None else loss.masked_fill(~read, 0.0)


def _both_sides(call: SigmoidCall, elements: _Elements) -> Tensor:
    loss = weigh(elements.positive, phi(call.positive, _positive_nll(elements.z)))
    return loss + weigh(elements.negative, phi(call.negative, _negative_nll(call, elements.z)) / call.neg_scale)


def _gradient(call: SigmoidCall, elements: _Elements, row_grad: Tensor) -> Tensor:
    z, read = elements.z, elements.read
    pull = weigh(elements.positive, slope(call.positive, _positive_nll(z)) * torch.sigmoid(-z))
    push = weigh(elements.negative, slope(call.negative, _negative_nll(call, z)) * _negative_slope(call, z))
    gradient = push - pull
    if call.distance:
        moved = weigh(distance_slope(z, elements.target, call.distance), _both_sides(call, elements))
        gradient = gradient * distance_factor(z, elements.target, call.distance) + moved
    gradient = gradient * row_grad.to(z.dtype)
    if call.transform is not IDENTITY:
        gradient = gradient * transform_slope(elements.raw, call.transform, LAST)
    if read is not None:
        gradient = gradient.masked_fill(~read, 0.0)
    return gradient.to(call.logits.dtype)


def _settle(call: SigmoidCall) -> _Elements:
    raw = call.logits.to(arithmetic_dtype(call.logits, call.target))
    read = counted(call)
    if read is not None:
        read = read.expand(raw.shape)
        raw = raw.masked_fill(~read, 0.0)
    z = transform(raw, call.transform, LAST)
    if read is not None and call.transform is not IDENTITY:
        z = z.masked_fill(~read, 0.0)  # the offset of an element that is not read is not read either
    target = call.target.to(z.dtype)
    if read is not None:
        target = target.masked_fill(~read, 0.0)
    target = smoothed_binary(target, call)
    return _Elements(raw, z, target, read, *_coefficients(call, target))


def _coefficients(call: SigmoidCall, target: Tensor) -> tuple[Tensor, Tensor]:
    """What the loss of the positive and of the negative side is multiplied by."""
    dtype = target.dtype
    positive, negative = target, 1.0 - target
    if call.pos_weight is not None:
        positive = positive * call.pos_weight.to(dtype)
    if call.neg_weight is not None:
        negative = negative * call.neg_weight.to(dtype)
    common = [] if call.weight is None else [call.weight.to(dtype)]
    if call.sample_weight is not None:
        common.append(leading(call.sample_weight, len(call.rows_shape)).to(dtype))
    for factor in common:
        positive, negative = positive * factor, negative * factor
    return positive, negative


def _positive_nll(z: Tensor) -> Tensor:
    return -F.logsigmoid(z)


def _negative_nll(call: SigmoidCall, z: Tensor) -> Tensor:
    """-log u of the negative side, u = min(1 - p + shift, 1) and p = sigmoid(neg_scale * z)."""
    scaled = call.neg_scale * z
    if not call.negative.shift:
        return -F.logsigmoid(-scaled)
    gap = torch.relu(torch.sigmoid(scaled) - call.negative.shift)
    # 1 - u = p - shift is the small one of the two for small p, u itself for large p.
    near = gap < 0.5
    u = torch.sigmoid(-scaled) + call.negative.shift
    return torch.where(near, -torch.log1p(-gap.masked_fill(~near, 0.0)), -torch.log(u.masked_fill(near, 1.0)))


def _negative_slope(call: SigmoidCall, z: Tensor) -> Tensor:
    """d(-log u)/d(neg_scale * z): p without a shift; with one, p*(1-p)/u, and 0 where u = 1, the kink included."""
    scaled = call.neg_scale * z
    p = torch.sigmoid(scaled)
    if not call.negative.shift:
        return p
    q = torch.sigmoid(-scaled)
    return (p * q / (q + call.negative.shift)).masked_fill(p <= call.negative.shift, 0.0)
