"""The losses by their definitions, in 80 decimal digits.

With so many digits the naive formulas are exact: 1 - p keeps 36 of them at a lead of 100 nats. The functions take the
arguments of the losses they stand for and share no formula with them.

    phi(p) = (1-p)^gamma * ( (1-p^q)/q + poly*(1-p) )                q -> 0:  (1-p^q)/q -> -log p
    h(p)   = gamma*p*(1-p)^(gamma-1)*f + (1-p)^gamma*(p^q + poly*p)  f = (1-p^q)/q + poly*(1-p)

    L_i = s_i * ( sum_k weight_k * t'_k * phi(p_k) + z_loss * d_i * lse^2 )
    dL_i/dz'_j = s_i * ( p_j * sum_k a_k*h(p_k) - a_j*h(p_j) + 2*z_loss*d_i*lse*p_j )          a_k = weight_k*t'_k

Equal classes of a row, equal rows and equal elements are computed once, which makes the large cases quick.
"""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import mpmath
import numpy as np
import torch
from torch import Tensor

from xent import Event, LogitTransform

mp = mpmath.MPContext()
mp.dps = 80

NLL = Event()
NOTHING = LogitTransform()
LOG_BOUND = -100  # nats: torch's bound on the logarithms of binary_cross_entropy


@dataclass(frozen=True)
class Truth:
    """A loss and its gradient in float64, with what the accuracy contract asks: |x| and (1 + D)*|x|."""

    loss: np.ndarray
    loss_size: np.ndarray
    loss_slack: np.ndarray
    gradient: np.ndarray
    gradient_size: np.ndarray
    gradient_slack: np.ndarray


class Part(NamedTuple):
    """One row (or element): its loss and gradient, the gradient's |x|, and the spread D."""

    loss: float
    gradient: np.ndarray
    gradient_size: np.ndarray
    spread: float


def phi(event: Event, p: mpmath.mpf) -> mpmath.mpf:
    """Loss of an event of probability p."""
    return _times((1 - p) ** event.gamma, _unfocused(event, p))


def h(event: Event, p: mpmath.mpf) -> mpmath.mpf:
    """Minus the derivative of phi in log p."""
    if p == 1:
        return mp.mpf(0 if event.gamma else 1 + event.poly)
    miss = 1 - p
    focus = _times(event.gamma * p * miss ** (event.gamma - 1), _unfocused(event, p))
    return focus + miss**event.gamma * (p**event.q + event.poly * p)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
    *,
    dim: int | None = None,
    sample_weight: Tensor | None = None,
    mask: Tensor | None = None,
    normalizer: float | None = None,
    smoothing_prior: Tensor | None = None,
    z_loss: float = 0.0,
    event: Event = NLL,
    logits: LogitTransform = NOTHING,
) -> Truth:
    """Truth of xent.cross_entropy."""
    axis = (0 if input.ndim == 1 else 1) if dim is None else dim
    z = _class_last(input, axis)
    shape, classes = z.shape[:-1], z.shape[-1]
    indexed = target.shape != input.shape
    t = _numbers(target).reshape(-1) if indexed else _class_last(target, axis).reshape(-1, classes)
    s = _leading(sample_weight, shape, 1.0) * _leading(mask, shape, 1.0)
    w = np.ones(classes) if weight is None else _numbers(weight)
    prior = np.ones(classes) if smoothing_prior is None else _numbers(smoothing_prior)
    offset = _offset(logits, input, axis)
    scale = np.broadcast_to(_numbers(logits.scale), (classes,))

    @cache
    def row(values: bytes, offsets: bytes, target_values: bytes) -> Part:
        target_row = np.frombuffer(target_values)
        label = int(target_row[0]) if indexed else None
        one_hot = np.bincount([label], minlength=classes) if indexed else target_row
        offset_row = np.frombuffer(offsets) + (0 if label is None else _label_offset(logits, label, classes))
        columns = np.stack([np.frombuffer(values), scale, offset_row, one_hot, w, prior])
        d = w[label] if indexed else 1.0
        soft = not indexed or label_smoothing > 0
        return _softmax_row(columns, logits.softcap, event, label_smoothing, z_loss * d, soft)

    parts, d = [], np.zeros(len(s))
    for i, (z_row, offset_row, t_row) in enumerate(zip(z.reshape(-1, classes), offset, t, strict=True)):
        if s[i] == 0 or (indexed and t_row == ignore_index):
            parts.append(Part(0.0, np.zeros(classes), np.zeros(classes), 0.0))
            s[i] = 0
            continue
        d[i] = w[int(t_row)] if indexed else 1.0
        parts.append(row(z_row.tobytes(), offset_row.tobytes(), np.atleast_1d(t_row).tobytes()))
    truth = _reduced(parts, s, d, reduction, normalizer, shape)
    return _map_gradients(truth, lambda g: np.moveaxis(g.reshape(*shape, classes), -1, axis))


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
    *,
    neg_weight: Tensor | None = None,
    ignore_index: float | None = None,
    label_smoothing: float = 0.0,
    sample_weight: Tensor | None = None,
    mask: Tensor | None = None,
    normalizer: float | None = None,
    smoothing_prior: Tensor | None = None,
    neg_scale: float = 1.0,
    positive: Event = NLL,
    negative: Event = NLL,
    logits: LogitTransform = NOTHING,
) -> Truth:
    """Truth of xent.binary_cross_entropy_with_logits."""
    shape = tuple(input.shape)
    columns = [
        _numbers(input),
        _numbers(target),
        *(_broadcast(value, shape, 1.0) for value in (weight, pos_weight, neg_weight)),
        _broadcast(smoothing_prior, shape, 0.5),
        np.broadcast_to(_numbers(logits.scale), shape),
        _broadcast(logits.offset, shape, 0.0),
    ]
    s = _leading(sample_weight, shape, 1.0) * _leading(mask, shape, 1.0)
    s = s * (_numbers(target).reshape(-1) != ignore_index)

    @cache
    def element(z: float, y: float, w: float, pos: float, neg: float, prior: float, *transform: float) -> Part:
        y = (1 - mp.mpf(label_smoothing)) * y + mp.mpf(label_smoothing) * prior
        return _binary_element(
            z, w * pos * y, w * neg * (1 - y), (logits.softcap, *transform), neg_scale, positive, negative
        )

    return _elements(element, columns, s, reduction, normalizer, shape)


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    *,
    sample_weight: Tensor | None = None,
    mask: Tensor | None = None,
    normalizer: float | None = None,
) -> Truth:
    """Truth of xent.binary_cross_entropy."""
    shape = tuple(input.shape)
    s = _leading(sample_weight, shape, 1.0) * _leading(mask, shape, 1.0)

    @cache
    def element(p: float, y: float, w: float) -> Part:
        p, y = mp.mpf(p), mp.mpf(y)
        log_p, log_miss = mp.log(p), mp.log(1 - p)
        loss = -w * (_times(y, max(log_p, LOG_BOUND)) + _times(1 - y, max(log_miss, LOG_BOUND)))
        pull = y / p if log_p > LOG_BOUND else mp.mpf(0)
        push = (1 - y) / (1 - p) if log_miss > LOG_BOUND else mp.mpf(0)
        return _part(loss, [w * (push - pull)], [abs(w) * (push + pull)], 0.0)

    columns = [_numbers(input), _numbers(target), _broadcast(weight, shape, 1.0)]
    return _elements(element, columns, s, reduction, normalizer, shape)


def kl_div(input: Tensor, target: Tensor, reduction: str = "mean", log_target: bool = False) -> Truth:
    """Truth of xent.kl_div for "mean", "sum" and "none"; log t - x may cancel, so D is taken of the two terms."""

    @cache
    def element(x: float, t: float) -> Part:
        log_t = mp.mpf(t) if log_target else mp.log(t)
        t = mp.exp(log_t)
        loss = _times(t, log_t - x if t else 0)
        terms = t * (abs(log_t) + abs(mp.mpf(x))) if t else mp.mpf(0)
        return _part(loss, [-t], [t], float(terms / abs(loss)) if loss else 0.0)

    columns = [_numbers(input), _numbers(target)]
    return _elements(element, columns, np.ones(input.numel()), reduction, None, tuple(input.shape))


def nll_loss(input: Tensor, target: Tensor, weight: Tensor, ignore_index: int, reduction: str) -> Truth:
    """Truth of xent.nll_loss for an input of shape (N, C)."""
    x, y, w = _numbers(input), _numbers(target).astype(int), _numbers(weight)
    read = y != ignore_index
    label = np.where(read, y, 0)
    gradient = -np.eye(x.shape[1])[label] * w[label, None]
    parts = [Part(-w[k] * row[k], of_row, abs(of_row), 0.0) for row, k, of_row in zip(x, label, gradient, strict=True)]
    return _reduced(parts, read.astype(float), w[label], reduction, None, read.shape)


def _softmax_row(
    columns: np.ndarray,
    softcap: float | None,
    event: Event,
    label_smoothing: float,
    z_loss: float,
    soft: bool,
) -> Part:
    distinct, places, counts = np.unique(columns, axis=1, return_inverse=True, return_counts=True)
    classes = [[mp.mpf(value) for value in column] for column in distinct.T]
    n = [int(count) for count in counts]
    moved = [_transformed(z, softcap, scale, offset) for z, scale, offset, *_ in classes]
    z = [value for value, _ in moved]
    if any(mp.isnan(value) or value == mp.inf for value in z) or all(value == -mp.inf for value in z):
        nan = np.full(len(places.reshape(-1)), np.nan)
        return Part(np.nan, nan, nan, np.nan)
    exponentials = [mp.exp(value) for value in z]
    total = sum(map(mp.fmul, n, exponentials))
    p = [value / total for value in exponentials]
    lse = mp.log(total)
    t = _smoothed([c[3] for c in classes], [c[5] for c in classes], z, n, label_smoothing)
    a = [c[4] * t_k for c, t_k in zip(classes, t, strict=True)]
    loss = sum(n_k * _times(a_k, phi(event, p_k)) for n_k, a_k, p_k in zip(n, a, p, strict=True))
    ah = [a_k * h(event, p_k) for a_k, p_k in zip(a, p, strict=True)]
    push = sum(map(mp.fmul, n, ah)) + 2 * z_loss * lse
    slopes = [slope for _, slope in moved]
    gradient = [m * (p_k * push - ah_k) for m, p_k, ah_k in zip(slopes, p, ah, strict=True)]
    terms = [abs(m) * (abs(p_k * push) + abs(ah_k)) for m, p_k, ah_k in zip(slopes, p, ah, strict=True)]
    finite = [value for value in z if value != -mp.inf]
    sizes = terms if soft or z_loss else [abs(g) for g in gradient]
    part = _part(loss + z_loss * lse**2, gradient, sizes, float(max(finite) - min(finite)))
    places = places.reshape(-1)
    return part._replace(gradient=part.gradient[places], gradient_size=part.gradient_size[places])


def _binary_element(
    z: float,
    positive_weight: mpmath.mpf,
    negative_weight: mpmath.mpf,
    transform: tuple[float | None, float, float],
    neg_scale: float,
    positive: Event,
    negative: Event,
) -> Part:
    z, slope = _transformed(mp.mpf(z), *transform)
    p = _sigmoid(z)
    scaled = _sigmoid(neg_scale * z)
    # 1 - p as sigmoid(-z): at |z| = 1e4 even 80 digits round it to 0.
    miss = _sigmoid(-neg_scale * z)
    u = min(miss + mp.mpf(negative.shift), mp.mpf(1))
    loss = _times(positive_weight, phi(positive, p)) + _times(negative_weight, phi(negative, u)) / neg_scale
    pull = positive_weight * h(positive, p) * _sigmoid(-z)
    # (1-p)/u is 1 where there is no shift, even at p = 1; at the kink u = 1 the gradient is 0.
    if not negative.shift:
        push = negative_weight * h(negative, u) * scaled
    else:
        push = negative_weight * (h(negative, u) * scaled * miss / u if u < 1 else 0)
    spread = float(max(abs(z), abs(neg_scale * z)))
    size = abs(slope) * (abs(push) + abs(pull))
    return _part(loss, [slope * (push - pull)], [size], 0.0 if np.isinf(spread) else spread)


def _transformed(z: mpmath.mpf, softcap: float | None, scale: float, offset: float) -> tuple[mpmath.mpf, mpmath.mpf]:
    """z' and dz'/dz."""
    slope = mp.mpf(1)
    if softcap is not None and z != -mp.inf:
        tanh = mp.tanh(z / softcap)
        z, slope = softcap * tanh, 1 - tanh**2
    if offset == -mp.inf:
        return -mp.inf, scale * slope
    return scale * z + offset, scale * slope


def _smoothed(t: list, prior: list, z: list, n: list[int], eps: float) -> list:
    if not eps:
        return t
    prior = [p if value != -mp.inf else mp.mpf(0) for p, value in zip(prior, z, strict=True)]
    total = sum(map(mp.fmul, n, prior))
    return [(1 - mp.mpf(eps)) * t_k + mp.mpf(eps) * p / total for t_k, p in zip(t, prior, strict=True)]


def _sigmoid(z: mpmath.mpf) -> mpmath.mpf:
    return 1 / (1 + mp.exp(-z))


def _unfocused(event: Event, p: mpmath.mpf) -> mpmath.mpf:
    q = mp.mpf(event.q)
    return ((1 - p**q) / q if q else -mp.log(p)) + event.poly * (1 - p)


def _times(a: mpmath.mpf, b: mpmath.mpf) -> mpmath.mpf:
    """a*b with 0*inf = 0."""
    return mp.mpf(0) if a == 0 or b == 0 else a * b


def _part(loss: mpmath.mpf, gradient: list, size: list, spread: float) -> Part:
    return Part(float(loss), np.array(gradient, dtype=float), np.array(size, dtype=float), spread)


def _elements(
    element, columns: list[np.ndarray], s: np.ndarray, reduction: str, normalizer: float | None, shape: tuple
) -> Truth:
    table = np.stack([np.broadcast_to(column, shape).reshape(-1) for column in columns], axis=-1)
    nothing = Part(0.0, np.zeros(1), np.zeros(1), 0.0)
    parts = [element(*values) if s_i else nothing for values, s_i in zip(table.tolist(), s, strict=True)]
    truth = _reduced(parts, s, np.ones(len(s)), reduction, normalizer, shape)
    return _map_gradients(truth, lambda g: g.reshape(shape))


def _reduced(
    parts: list[Part], s: np.ndarray, d: np.ndarray, reduction: str, normalizer: float | None, shape: tuple
) -> Truth:
    width = len(parts[0].gradient) if parts else 0
    total = (s * d).sum() if normalizer is None else normalizer
    divisor = total if reduction == "mean" else 1.0
    loss = np.array([part.loss for part in parts]) * s
    spread = np.array([part.spread for part in parts])
    gradient, size = (
        np.array([getattr(part, name) for part in parts]).reshape(len(parts), width) * s[:, None]
        for name in ("gradient", "gradient_size")
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        losses = [loss, abs(loss), abs(loss) * (1 + spread)]
        if reduction == "none":
            losses = [value.reshape(shape) for value in losses]
        else:
            losses = [np.asarray(value.sum() / divisor) for value in losses]
        # Over a total weight of 0 a row that counts has gradient 0/0; one that is left out has none.
        gradients = [
            np.where(s[:, None] != 0, value / divisor, 0.0) for value in (gradient, size, size * (1 + spread[:, None]))
        ]
    return Truth(*losses, *gradients)


def _map_gradients(truth: Truth, change) -> Truth:
    gradients = (change(g) for g in (truth.gradient, truth.gradient_size, truth.gradient_slack))
    return Truth(truth.loss, truth.loss_size, truth.loss_slack, *gradients)


def _numbers(value: Tensor | float) -> np.ndarray:
    return torch.as_tensor(value).detach().double().numpy()


def _class_last(value: Tensor, axis: int) -> np.ndarray:
    return np.moveaxis(_numbers(value), axis, -1)


def _leading(value: Tensor | None, shape: tuple, default: float) -> np.ndarray:
    """One number a row, from a tensor of a leading part of the rows' shape."""
    if value is None:
        return np.full(int(np.prod(shape)), default)
    numbers = _numbers(value)
    return np.broadcast_to(numbers.reshape(numbers.shape + (1,) * (len(shape) - numbers.ndim)), shape).reshape(-1)


def _broadcast(value: Tensor | None, shape: tuple, default: float) -> np.ndarray:
    return np.broadcast_to(default if value is None else _numbers(value), shape)


def _offset(logits: LogitTransform, input: Tensor, axis: int) -> np.ndarray:
    """Offset of every class of every row, (N, C), -inf where a class is removed."""
    classes = input.shape[axis]
    shape = np.moveaxis(np.empty(input.shape), axis, -1).shape

    def spread_out(value: Tensor) -> np.ndarray:
        numbers = _class_last(value, axis) if value.ndim == input.ndim > 1 else _numbers(value)
        return np.broadcast_to(numbers, shape)

    offset = np.zeros(shape) if logits.offset is None else spread_out(logits.offset)
    valid = logits.valid_classes
    if isinstance(valid, int):
        valid = torch.arange(classes) < valid
    if valid is not None:
        offset = np.where(spread_out(valid) != 0, offset, -np.inf)
    return np.ascontiguousarray(offset.reshape(-1, classes))


def _label_offset(logits: LogitTransform, label: int, classes: int) -> np.ndarray:
    offset = np.zeros(classes)
    if logits.label_offset is not None:
        offset = offset + _numbers(logits.label_offset)[label]
    if logits.margin is not None:
        offset[label] -= _numbers(logits.margin)[label]
    return offset
