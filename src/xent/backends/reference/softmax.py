"""The softmax link.

With e_j = exp(z_j - max z), the loss of class k is taken from a sum that leaves k out,

    -log p_k = log1p(sum over j != k of e_j / e_k)        1 - p_k = -expm1(log p_k)

so that nothing is subtracted from one where p_k rounds to one. Only one class of a row can be that probable, the one
of the largest logit; of the others -log p_k = log(sum_j e_j) - (z_k - max z) is as good. What autograd makes of these
formulas is as precise as they are.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from xent.core.axes import along, leading
from xent.core.call import SoftmaxCall
from xent.core.event import phi, slope, weigh
from xent.core.facts import Facts
from xent.core.logits import IDENTITY, transform, transform_slope
from xent.core.precision import arithmetic_dtype, sum_dtype
from xent.core.targets import counted, labels, lost, remaining, smoothed

# Below this e_k, -log p_k is read off the logits: e_k may be subnormal or 0. The two ways meet far above.
FAINT = 1e-20


class _Rows(NamedTuple):
    """Rows made ready, the class axis kept at size 1 where there is one number a row."""

    raw: Tensor  # logits, zero where a row is not read
    z: Tensor  # transformed logits
    label: Tensor | None
    read: Tensor | None  # rows that count
    lost: Tensor | None  # rows whose label names no class
    peak: Tensor
    shifted: Tensor  # z - peak
    odds: Tensor  # exp(shifted)
    total: Tensor  # sum of the odds
    nll: Tensor  # of the label, where the loss of a row is that of its label alone; else of every class

    @property
    def lse(self) -> Tensor:
        return self.peak + torch.log(self.total)


def softmax_rows(call: SoftmaxCall) -> Tensor:
    """Loss of every row, in nats, of the rows' shape; 0 for rows that are not read. Differentiable."""
    return _loss(call, _settle(call))


def softmax_gradient(call: SoftmaxCall, row_grad: Tensor) -> Tensor:
    """Gradient of sum(row_grad * rows) in the logits, of their shape and dtype. Differentiable.

    Args:
        call: The loss call.
        row_grad: Gradient of the result in every row's loss, broadcastable to the rows' shape.
    """
    return _gradient(call, _settle(call), row_grad)


def softmax_rows_and_gradient(call: SoftmaxCall, row_grad: Tensor) -> tuple[Tensor, Tensor]:
    """Both at once."""
    rows = _settle(call)
    return _loss(call, rows), _gradient(call, rows, row_grad)


def softmax_facts(call: SoftmaxCall) -> Facts:
    """nll, lse, entropy, argmax and rank of the label of every row. Differentiable."""
    rows = _settle(call)
    dim, label = call.dim, _given(rows.label)
    p = rows.odds / rows.total
    surprise = _nll(rows.shifted, rows.odds, rows.total, dim).masked_fill(p == 0, 0.0)
    rank = (rows.z > rows.z.gather(dim, label)).sum(dim, keepdim=True)
    rank = rank if rows.lost is None else rank.masked_fill(rows.lost, -1)
    facts = Facts(
        nll=_count_rows(call, rows, rows.nll),
        lse=rows.lse,
        entropy=(p * surprise).sum(dim, keepdim=True),
        argmax=rows.z.argmax(dim, keepdim=True),
        rank=rank,
    )
    if rows.read is not None:
        absent = (0.0, 0.0, 0.0, -1, -1)
        facts = Facts(*(value.masked_fill(~rows.read, none) for value, none in zip(facts, absent, strict=True)))
    return Facts(*(value.squeeze(dim) for value in facts))


def _settle(call: SoftmaxCall) -> _Rows:
    dim, read = call.dim, counted(call)
    label, gone = (labels(call, read), lost(call, read)) if call.indexed else (None, None)
    label, read, gone = (None if v is None else _per_row(call, v) for v in (label, read, gone))
    raw = call.logits.to(arithmetic_dtype(call.logits, *(() if call.indexed else (call.target, call.weight))))
    if read is not None:
        raw = raw.masked_fill(~read, 0.0)
    z = transform(raw, call.transform, dim, label)
    if read is not None and call.transform is not IDENTITY:
        z = z.masked_fill(~read, 0.0)  # the offset of a row that is not read is not read either
    # The shift cancels out of every result, so it needs no derivative.
    peak = z.detach().amax(dim, keepdim=True)
    shifted = z - peak
    odds = torch.exp(shifted)
    total = odds.sum(dim, keepdim=True)
    if _one_event(call):
        nll = _nll_at(_given(label), shifted, odds, dim)
    else:
        nll = _nll(shifted, odds, total, dim)
    return _Rows(raw, z, label, read, gone, peak, shifted, odds, total, nll)


def _per_row(call: SoftmaxCall, value: Tensor) -> Tensor:
    """``value``, of a leading part of the rows' shape, with the class axis at size 1."""
    return leading(value, len(call.rows_shape)).expand(call.rows_shape).unsqueeze(call.dim)


def _nll_at(label: Tensor, shifted: Tensor, odds: Tensor, dim: int) -> Tensor:
    """-log p of one class a row."""
    own = odds.gather(dim, label)
    others = odds.scatter(dim, label, 0.0).sum(dim, keepdim=True)
    faint = own < FAINT
    near = torch.log1p(others / own.masked_fill(faint, 1.0))
    far = torch.log(others + own) - shifted.gather(dim, label)
    return torch.where(faint, far, near)


def _nll(shifted: Tensor, odds: Tensor, total: Tensor, dim: int) -> Tensor:
    """-log p of every class."""
    top = shifted.detach().argmax(dim, keepdim=True)
    nll = torch.log(total) - shifted
    return nll.scatter(dim, top, _nll_at(top, shifted, odds, dim))


def _loss(call: SoftmaxCall, rows: _Rows) -> Tensor:
    dim = call.dim
    if _one_event(call):
        label = _given(rows.label)
        loss = weigh(_label_weight(call, label), phi(call.event, rows.nll))
    else:
        terms = weigh(_coefficients(call, rows), phi(call.event, rows.nll))
        # A label's term beside 100 000 small ones: a float32 sum would lose a millionth of the row.
        loss = terms.sum(dim, keepdim=True, dtype=sum_dtype(terms)).to(terms.dtype)
    if call.z_loss:
        loss = loss + call.z_loss * _row_weight(call, rows) * rows.lse**2
    return _count_rows(call, rows, loss).squeeze(dim)


def _gradient(call: SoftmaxCall, rows: _Rows, row_grad: Tensor) -> Tensor:
    row_grad = row_grad.to(rows.total.dtype).expand(call.rows_shape).unsqueeze(call.dim)
    row_grad = _count_rows(call, rows, row_grad)
    events = _label_gradient if _one_event(call) else _event_gradient
    gradient = events(call, rows, row_grad)
    if call.z_loss:
        lse_grad = 2.0 * call.z_loss * _row_weight(call, rows) * rows.lse
        gradient = gradient + rows.odds * (lse_grad * row_grad / rows.total)
    if call.transform is not IDENTITY:
        gradient = gradient * transform_slope(rows.raw, call.transform, call.dim)
    return gradient.to(call.logits.dtype)


def _label_gradient(call: SoftmaxCall, rows: _Rows, row_grad: Tensor) -> Tensor:
    """weight_y * h(p_y) * (p - [k = y]) of every class, times row_grad; at the label, p - 1 without the subtraction."""
    label = _given(rows.label)
    pull = row_grad * _label_weight(call, label) * slope(call.event, rows.nll)
    return (rows.odds * (pull / rows.total)).scatter(call.dim, label, pull * torch.expm1(-rows.nll))


def _event_gradient(call: SoftmaxCall, rows: _Rows, row_grad: Tensor) -> Tensor:
    """p_k * sum_j a_j h_j - a_k h_k of every class, with a_k = weight_k * t'_k, times row_grad."""
    pull = weigh(_coefficients(call, rows), slope(call.event, rows.nll))
    # Split so that a one-hot row loses no precision: its sum without its own pull is 0.
    others = pull.sum(call.dim, keepdim=True) - pull
    return (rows.odds / rows.total * others + pull * torch.expm1(-rows.nll)) * row_grad


def _one_event(call: SoftmaxCall) -> bool:
    """Whether a row's loss is that of its label alone."""
    return call.indexed and call.label_smoothing == 0


def _coefficients(call: SoftmaxCall, rows: _Rows) -> Tensor:
    """weight_k * t'_k of every class."""
    z = rows.z
    if rows.label is not None:
        target = torch.zeros_like(z).scatter(call.dim, rows.label, 1.0)
    else:
        target = call.target.to(z.dtype)
        target = target if rows.read is None else target.masked_fill(~rows.read, 0.0)
    if call.label_smoothing:
        target = smoothed(target, call, remaining(z))
    return target if call.weight is None else target * along(call.weight.to(z.dtype), z.ndim, call.dim)


def _label_weight(call: SoftmaxCall, label: Tensor) -> Tensor | float:
    if call.weight is None:
        return 1.0
    return call.weight.to(arithmetic_dtype(call.logits))[label]


def _row_weight(call: SoftmaxCall, rows: _Rows) -> Tensor | float:
    """d_i, with which the z-loss of a row is weighed."""
    return 1.0 if rows.label is None else _label_weight(call, rows.label)


def _count_rows(call: SoftmaxCall, rows: _Rows, value: Tensor) -> Tensor:
    """A number a row, times its sample_weight: 0 where the row is not read, nan where its label names no class.

    To raise instead, the label would have to be read on the host, which waits for a GPU; on the CPU dispatch does so.
    """
    if call.sample_weight is not None:
        value = value * _per_row(call, call.sample_weight).to(value.dtype)
    if rows.lost is not None:
        value = value.masked_fill(rows.lost, float("nan"))
    return value if rows.read is None else value.masked_fill(~rows.read, 0.0)


def _given(label: Tensor | None) -> Tensor:
    if label is None:
        raise ValueError("class indices are needed here, and the target holds probabilities.")
    return label
