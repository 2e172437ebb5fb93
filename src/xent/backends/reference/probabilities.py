"""The losses that take log-probabilities or probabilities: nll_loss, binary_cross_entropy, kl_div."""

import torch
from torch import Tensor

from xent.core.axes import leading
from xent.core.call import DivergenceCall, SigmoidCall, SoftmaxCall
from xent.core.event import weigh
from xent.core.precision import arithmetic_dtype
from xent.core.targets import counted, labels, lost

# torch's bound on the logarithms of binary_cross_entropy, in nats.
LOG_BOUND = -100.0


def nll_rows(call: SoftmaxCall) -> Tensor:
    """-weight[y] * log_p[y] of every row, in nats, of the rows' shape; 0 for rows that are not read."""
    read = counted(call)
    label = labels(call, read)
    log_p = call.logits.gather(call.dim, label.unsqueeze(call.dim)).squeeze(call.dim)
    rows = -log_p.to(arithmetic_dtype(call.logits))
    if call.weight is not None:
        rows = weigh(call.weight.to(rows.dtype)[label], rows)
    return _count_rows(call, rows, read)


def nll_gradient(call: SoftmaxCall, row_grad: Tensor) -> Tensor:
    """Gradient of sum(row_grad * rows) in the log-probabilities, of their shape and dtype. Differentiable."""
    read = counted(call)
    label = labels(call, read)
    pull = -row_grad.to(arithmetic_dtype(call.logits)).expand(call.rows_shape)
    if call.weight is not None:
        pull = pull * call.weight.to(pull.dtype)[label]
    pull = _count_rows(call, pull, read).unsqueeze(call.dim)
    gradient = torch.zeros_like(call.logits, dtype=pull.dtype)
    return gradient.scatter(call.dim, label.unsqueeze(call.dim), pull).to(call.logits.dtype)


def bce_rows(call: SigmoidCall) -> Tensor:
    """Binary cross entropy of probabilities, in nats, of their shape, each logarithm at least -100."""
    p, y, read = _settle(call)
    rows = -(y * _bounded_log(p) + (1.0 - y) * _bounded_log1m(p))
    if call.weight is not None:
        rows = rows * call.weight.to(rows.dtype)
    return _finish(call, rows, read)


def bce_gradient(call: SigmoidCall, row_grad: Tensor) -> Tensor:
    """Gradient of sum(row_grad * rows) in the probabilities, of their shape and dtype. Differentiable."""
    p, y, read = _settle(call)
    factor = row_grad.to(p.dtype)
    if call.weight is not None:
        factor = factor * call.weight.to(p.dtype)
    # Where a bound acts the loss is flat. The factor comes first: 1 / p may be beyond the largest number.
    hopeless, certain = torch.log(p) < LOG_BOUND, p == 1
    pull = (factor * y / p.masked_fill(hopeless, 1.0)).masked_fill(hopeless, 0.0)
    push = (factor * (1.0 - y) / (1.0 - p.masked_fill(certain, 0.0))).masked_fill(certain, 0.0)
    return _finish(call, push - pull, read).to(call.logits.dtype)


def kl_rows(call: DivergenceCall) -> Tensor:
    """Divergence t * (log t - x) of every element, in nats, of the input's shape; 0 where t = 0."""
    x, target, read = _settle(call)
    log_t, t = (target, torch.exp(target)) if call.log_target else (_log_where_positive(target), target)
    # A pair of impossible events costs nothing, although log t - x is inf - inf.
    unread = (t == 0) & torch.isinf(x)
    gap = log_t.masked_fill((t == 0) & torch.isinf(log_t), 0.0) - x.masked_fill(unread, 0.0)
    return _finish(call, t * gap, read)


def kl_gradient(call: DivergenceCall, row_grad: Tensor) -> Tensor:
    """Gradient of sum(row_grad * rows) in the log-probabilities, of their shape and dtype. Differentiable."""
    x, target, read = _settle(call)
    t = torch.exp(target) if call.log_target else target
    return _finish(call, -t * row_grad.to(x.dtype), read).to(call.logits.dtype)


def _count_rows(call: SoftmaxCall, value: Tensor, read: Tensor | None) -> Tensor:
    """A number a row, times its sample_weight: 0 where the row is not read, nan where its label names no class."""
    if call.sample_weight is not None:
        value = value * leading(call.sample_weight, len(call.rows_shape)).to(value.dtype)
    if (gone := lost(call, read)) is not None:
        value = value.masked_fill(gone, float("nan"))
    return value if read is None else value.masked_fill(~read, 0.0)


def _settle(call: SigmoidCall | DivergenceCall) -> tuple[Tensor, Tensor, Tensor | None]:
    dtype = arithmetic_dtype(call.logits, call.target)
    x, target, read = call.logits.to(dtype), call.target.to(dtype), counted(call)
    if read is None:
        return x, target, None
    read = read.expand(x.shape)
    return x.masked_fill(~read, 0.0), target.masked_fill(~read, 0.0), read


def _finish(call: SigmoidCall | DivergenceCall, rows: Tensor, read: Tensor | None) -> Tensor:
    if call.sample_weight is not None:
        rows = rows * leading(call.sample_weight, len(call.rows_shape)).to(rows.dtype)
    return rows if read is None else rows.masked_fill(~read, 0.0)


def _bounded_log(p: Tensor) -> Tensor:
    """max(log p, -100). Where the bound acts the loss is flat, and so its derivative 0."""
    zero = p == 0
    return torch.log(p.masked_fill(zero, 1.0)).clamp_min(LOG_BOUND).masked_fill(zero, LOG_BOUND)


def _bounded_log1m(p: Tensor) -> Tensor:
    """max(log(1 - p), -100)."""
    one = p == 1
    return torch.log1p(-p.masked_fill(one, 0.0)).clamp_min(LOG_BOUND).masked_fill(one, LOG_BOUND)


def _log_where_positive(t: Tensor) -> Tensor:
    return torch.log(t.masked_fill(t == 0, 1.0))
