"""The softmax link.

With m the class of the largest logit and r = sum over j != m of exp(z_j - z_m), which has no term that equals one,

    nll_m = log1p(r)                          exact where p_m rounds to one
    nll_k = log(sum_j exp(z_j - z_m)) - (z_k - z_m)        k != m: p_k <= 1/2, nothing cancels
    1 - p_k = -expm1(-nll_k)

so loss and gradient keep full relative precision, and so does what autograd makes of these formulas.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from xent.backends.reference.precision import arithmetic_dtype
from xent.core.axes import along, leading
from xent.core.call import SoftmaxCall
from xent.core.event import phi, slope, weigh
from xent.core.logits import IDENTITY, transform, transform_slope
from xent.core.reduce import wide
from xent.core.targets import counted, labels, one_hot, out_of_range, remaining, smoothed


class Facts(NamedTuple):
    """What there is to know of softmax rows, the class axis kept at size 1 where there is one number a row."""

    nll: Tensor
    lse: Tensor
    entropy: Tensor
    argmax: Tensor
    rank: Tensor


class _Rows(NamedTuple):
    """Rows that are read, made ready: rows that are not are all zeros with label 0."""

    z: Tensor
    transformed: Tensor
    label: Tensor | None
    read: Tensor | None


class _Softmax(NamedTuple):
    """The softmax of transformed logits, relative to the largest logit of each row."""

    shifted: Tensor
    peak: Tensor
    is_top: Tensor
    odds: Tensor  # p_j / p_top
    total: Tensor  # sum of the odds
    top_nll: Tensor

    @property
    def lse(self) -> Tensor:
        return self.peak + self.top_nll

    @property
    def nll(self) -> Tensor:
        """-log p of every class."""
        return torch.where(self.is_top, self.top_nll, torch.log(self.total) - self.shifted)

    @property
    def p(self) -> Tensor:
        return self.odds / self.total

    def nll_at(self, label: Tensor, dim: int) -> Tensor:
        """-log p of one class a row."""
        other = torch.log(self.total) - self.shifted.gather(dim, label)
        return torch.where(self.is_top.gather(dim, label), self.top_nll, other)


def softmax_rows(call: SoftmaxCall) -> Tensor:
    """Loss of every row, in nats, of the rows' shape; 0 for rows that are not read. Differentiable."""
    rows = _settle(call)
    link = _softmax(rows.transformed, call.dim)
    if _one_event(call):
        label = _given(rows.label)
        loss = weigh(_label_weight(call, label), phi(call.event, link.nll_at(label, call.dim)))
    else:
        nll = link.nll
        terms = weigh(_coefficients(call, rows), phi(call.event, nll))
        # A label's term beside 128256 small ones: float32 would lose a millionth of the row.
        loss = terms.sum(call.dim, keepdim=True, dtype=wide(terms)).to(terms.dtype)
    if call.z_loss:
        loss = loss + call.z_loss * _row_weight(call, rows) * link.lse**2
    return _finish(call, rows, loss)


def softmax_gradient(call: SoftmaxCall, row_grad: Tensor) -> Tensor:
    """Gradient of sum(row_grad * rows) in the logits, of their shape and dtype. Differentiable.

    Args:
        call: The loss call.
        row_grad: Gradient of the result in every row's loss, broadcastable to the rows' shape.
    """
    rows = _settle(call)
    link = _softmax(rows.transformed, call.dim)
    if _one_event(call):
        label = _given(rows.label)
        nll = link.nll_at(label, call.dim)
        at_label = one_hot(label, link.shifted, call.dim)
        # p - 1 at the label without the subtraction.
        gradient = torch.where(at_label, torch.expm1(-nll), link.p)
        gradient = gradient * (_label_weight(call, label) * slope(call.event, nll))
    else:
        gradient = _event_gradient(_coefficients(call, rows), call, link)
    if call.z_loss:
        gradient = gradient + 2.0 * call.z_loss * _row_weight(call, rows) * link.lse * link.p
    row_grad = row_grad.to(gradient.dtype).expand(_rows_shape(call)).unsqueeze(call.dim)
    if call.sample_weight is not None:
        row_grad = row_grad * _per_row(call.sample_weight, call).to(gradient.dtype)
    gradient = gradient * row_grad
    if call.transform is not IDENTITY:
        gradient = gradient * transform_slope(rows.z, call.transform, call.dim)
    if rows.read is not None:
        gradient = gradient.masked_fill(~rows.read, 0.0)
    if call.indexed:
        gradient = gradient.masked_fill(_lost(call, rows.read), float("nan"))
    return gradient.to(call.logits.dtype)


def softmax_facts(call: SoftmaxCall) -> Facts:
    """nll, lse, entropy, argmax and rank of the label of every row, the class axis kept at size 1."""
    rows = _settle(call, zero_unread=False)
    link = _softmax(rows.transformed, call.dim)
    label = _given(rows.label)
    nll = link.nll_at(label, call.dim)
    p = link.p
    surprise = link.nll.masked_fill(p == 0, 0.0)
    entropy = (p * surprise).sum(call.dim, keepdim=True)
    at_label = rows.transformed.gather(call.dim, label)
    rank = (rows.transformed > at_label).sum(call.dim, keepdim=True)
    lost = _lost(call, rows.read)
    nll = nll.masked_fill(lost, float("nan"))
    if rows.read is not None:
        nll = nll.masked_fill(~rows.read, 0.0)
        lost = lost | ~rows.read
    argmax = rows.transformed.argmax(call.dim, keepdim=True)
    return Facts(nll, link.lse, entropy, argmax, rank.masked_fill(lost, -1))


def _settle(call: SoftmaxCall, *, zero_unread: bool = True) -> _Rows:
    read = counted(call)
    label = labels(call, read).unsqueeze(call.dim) if call.indexed else None
    read = None if read is None else read.expand(_rows_shape(call)).unsqueeze(call.dim)
    z = call.logits.to(arithmetic_dtype(call.logits, None if call.indexed else call.target))
    if read is not None and zero_unread:
        z = z.masked_fill(~read, 0.0)
    return _Rows(z, transform(z, call.transform, call.dim, label), label, read)


def _softmax(z: Tensor, dim: int) -> _Softmax:
    top = z.detach().argmax(dim, keepdim=True)
    peak = z.gather(dim, top)
    is_top = one_hot(top, z, dim)
    # The shift cancels out of odds / total, so it needs no derivative there; in top_nll it is the logit itself.
    shifted = z - peak.detach()
    odds = torch.exp(shifted)
    others = torch.exp(z - peak).masked_fill(is_top, 0.0).sum(dim, keepdim=True)
    return _Softmax(shifted, peak, is_top, odds, odds.sum(dim, keepdim=True), torch.log1p(others))


def _one_event(call: SoftmaxCall) -> bool:
    """Whether a row's loss is that of its label alone."""
    return call.indexed and call.label_smoothing == 0


def _coefficients(call: SoftmaxCall, rows: _Rows) -> Tensor:
    """weight_k * t'_k of every class."""
    z = rows.transformed
    if rows.label is not None:
        target = torch.zeros_like(z).scatter(call.dim, rows.label, 1.0)
    else:
        target = call.target.to(z.dtype)
        target = target if rows.read is None else target.masked_fill(~rows.read, 0.0)
    if call.label_smoothing:
        target = smoothed(target, call, remaining(z))
    return target if call.weight is None else target * along(call.weight.to(z.dtype), z.ndim, call.dim)


def _event_gradient(coefficients: Tensor, call: SoftmaxCall, link: _Softmax) -> Tensor:
    nll = link.nll
    pull = weigh(coefficients, slope(call.event, nll))
    # p*sum(pull) - pull, split so that a one-hot row loses no precision: its sum without its own pull is 0.
    others = pull.sum(call.dim, keepdim=True) - pull
    return link.p * others + pull * torch.expm1(-nll)


def _label_weight(call: SoftmaxCall, label: Tensor) -> Tensor | float:
    if call.weight is None:
        return 1.0
    return call.weight.to(arithmetic_dtype(call.logits))[label]


def _row_weight(call: SoftmaxCall, rows: _Rows) -> Tensor | float:
    """d_i, with which the z-loss of a row is weighed."""
    return 1.0 if rows.label is None else _label_weight(call, rows.label)


def _finish(call: SoftmaxCall, rows: _Rows, loss: Tensor) -> Tensor:
    if call.sample_weight is not None:
        loss = loss * _per_row(call.sample_weight, call).to(loss.dtype)
    if rows.read is not None:
        loss = loss.masked_fill(~rows.read, 0.0)
    if call.indexed:
        loss = loss.masked_fill(_lost(call, rows.read), float("nan"))
    return loss.squeeze(call.dim)


def _lost(call: SoftmaxCall, read: Tensor | None) -> Tensor:
    """Rows whose label names no class: nan, where reading it on the host to raise would cost a synchronisation."""
    lost = out_of_range(call).unsqueeze(call.dim)
    return lost if read is None else lost & read


def _per_row(value: Tensor, call: SoftmaxCall) -> Tensor:
    return leading(value, call.rows_ndim).unsqueeze(call.dim)


def _rows_shape(call: SoftmaxCall) -> torch.Size:
    shape = call.logits.shape
    return shape[: call.dim] + shape[call.dim + 1 :]


def _given(label: Tensor | None) -> Tensor:
    if label is None:
        raise ValueError("class indices are needed here, and the target holds probabilities.")
    return label
