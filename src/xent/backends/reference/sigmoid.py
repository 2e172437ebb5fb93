"""The sigmoid link: every element is a softmax over (0, z), with an event for each of its two sides.

    -log sigmoid(z) = softplus(-z)      -log(1 - sigmoid(z)) = softplus(z)      1 - sigmoid(z) = sigmoid(-z)

taken as they stand, so that neither side is formed as a difference.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from xent.backends.reference.precision import arithmetic_dtype
from xent.core.axes import leading
from xent.core.call import SigmoidCall
from xent.core.event import phi, slope, weigh
from xent.core.logits import IDENTITY, transform, transform_slope
from xent.core.targets import counted, smoothed_binary

LAST = -1  # the axis that settings of shape (C,) lie along, as torch broadcasts


def sigmoid_rows(call: SigmoidCall) -> Tensor:
    """Loss of every element, in nats, of the logits' shape; 0 for elements that are not read. Differentiable."""
    raw, read = _settle(call)
    z = transform(raw, call.transform, LAST)
    positive, negative = _coefficients(call, z.dtype, read)
    loss = weigh(positive, phi(call.positive, _positive_nll(z)))
    loss = loss + weigh(negative, phi(call.negative, _negative_nll(call, z)) / call.neg_scale)
    return loss if read is None else loss.masked_fill(~read, 0.0)


def sigmoid_gradient(call: SigmoidCall, row_grad: Tensor) -> Tensor:
    """Gradient of sum(row_grad * rows) in the logits, of their shape and dtype. Differentiable.

    Args:
        call: The loss call.
        row_grad: Gradient of the result in every element's loss, broadcastable to the logits' shape.
    """
    raw, read = _settle(call)
    z = transform(raw, call.transform, LAST)
    positive, negative = _coefficients(call, z.dtype, read)
    pull = weigh(positive, slope(call.positive, _positive_nll(z)) * torch.sigmoid(-z))
    push = weigh(negative, slope(call.negative, _negative_nll(call, z)) * _negative_slope(call, z))
    gradient = (push - pull) * row_grad.to(z.dtype)
    if call.transform is not IDENTITY:
        gradient = gradient * transform_slope(raw, call.transform, LAST)
    if read is not None:
        gradient = gradient.masked_fill(~read, 0.0)
    return gradient.to(call.logits.dtype)


def _settle(call: SigmoidCall) -> tuple[Tensor, Tensor | None]:
    """Logits in the dtype of arithmetic, 0 where they are not read, and which are read."""
    z = call.logits.to(arithmetic_dtype(call.logits, call.target))
    read = counted(call)
    if read is None:
        return z, None
    read = read.expand(z.shape)
    return z.masked_fill(~read, 0.0), read


def _coefficients(call: SigmoidCall, dtype: torch.dtype, read: Tensor | None) -> tuple[Tensor, Tensor]:
    """What the loss of the positive and of the negative side is multiplied by."""
    target = call.target.to(dtype)
    if read is not None:
        target = target.masked_fill(~read, 0.0)
    target = smoothed_binary(target, call)
    positive, negative = target, 1.0 - target
    if call.pos_weight is not None:
        positive = positive * call.pos_weight.to(dtype)
    if call.neg_weight is not None:
        negative = negative * call.neg_weight.to(dtype)
    common = [] if call.weight is None else [call.weight.to(dtype)]
    if call.sample_weight is not None:
        common.append(leading(call.sample_weight, call.rows_ndim).to(dtype))
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
