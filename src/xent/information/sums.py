r"""The sums behind the measures, on validated distributions, in nats.

Relative entropy is summed from terms that are never negative. As it stands
:math:`\sum p \log(p/q)` cancels: its terms have the size of :math:`p - q`, its sum the size of
:math:`(p-q)^2`. Because both distributions sum to one, :math:`\sum (q - p) = 0` may be added, and every term
:math:`p \log(p/q) - p + q` is then at least zero. In the logarithm of the ratio, d = log(p/q), the term is
:math:`p\,(d - 1 + e^{-d})`, which is :math:`p\,d^2/2` near zero: equal distributions give exactly 0, a
negative sum cannot arise, and an error common to all d enters only in second order.
"""

import math
from types import ModuleType
from typing import Any

from xent.information.arrays import row_sum
from xent.information.distribution import Distribution

# Where the series takes over, and where it may stop: at |d| = 1/2 the closed form loses a factor of 5, and
# the term after the one in d^15 is 2 d^14 / 16! = 6e-18 of the first.
_SERIES_LIMIT = 0.5
_SERIES_DEGREE = 15


def expected_surprise(xp: ModuleType, p: Distribution, q: Distribution) -> Any:
    """H(P, Q) in nats, the last axis kept with size 1; H(P) for q = p."""
    impossible = xp.any(p.support & ~q.support, axis=-1, keepdims=True)
    total = 0.0 - row_sum(xp, p.probabilities * q.log_probabilities)
    return xp.where(impossible, math.inf, total)


def relative_entropy(xp: ModuleType, p: Distribution, q: Distribution) -> Any:
    """KL(p || q) in nats, the last axis kept with size 1."""
    both = p.support & q.support
    d = xp.where(both, log_ratio(xp, p, q), 0.0)
    near = xp.abs(d) < _SERIES_LIMIT
    series = p.probabilities * _exponential_remainder(xp.where(near, d, 0.0))
    closed = p.probabilities * xp.where(near, 0.0, d) - (p.probabilities - q.probabilities)
    # Where p is 0, the term is what remains of -p + q.
    terms = xp.where(both, xp.where(near, series, closed), q.probabilities)
    impossible = xp.any(p.support & ~q.support, axis=-1, keepdims=True)
    return xp.where(impossible, math.inf, row_sum(xp, terms))


def jensen_shannon(xp: ModuleType, p: Distribution, q: Distribution) -> Any:
    r"""JS(p, q) in nats, the last axis kept with size 1.

    With m = (p + q)/2 and d = log(p/q), a class adds :math:`m\,(\frac{d}{2}\tanh\frac{d}{2} -
    \log\cosh\frac{d}{2})`.
    """
    both = p.support & q.support
    d = xp.where(both, log_ratio(xp, p, q), 0.0)
    near = xp.abs(d) < 1
    half = xp.where(near, d, 0.0) / 2
    slope = xp.tanh(half)
    # log cosh x = -log(1 - tanh(x)^2) / 2; far out, its x is taken off d/2 tanh(d/2) before anything is
    # rounded.
    inner = half * slope + xp.log1p(-slope * slope) / 2
    distance = xp.abs(xp.where(near, 1.0, d))
    decay = xp.exp(-distance)
    outer = math.log(2) - xp.log1p(decay) - distance * decay / (1 + decay)
    shared = (p.probabilities + q.probabilities) / 2 * xp.where(near, inner, outer)
    # Of a class that one of the two lacks, half the other's probability times log 2 remains.
    alone = xp.where(p.support, p.probabilities, q.probabilities) * (math.log(2) / 2)
    total = row_sum(xp, xp.where(both, shared, alone))
    return xp.where(total > math.log(2), math.log(2), total)


def log_ratio(xp: ModuleType, p: Distribution, q: Distribution) -> Any:
    """log(p/q) where both have support, and its exact negative when p and q are exchanged."""
    if p.scores is not None and q.scores is not None:
        a, b = p.scores, q.scores
        # Differences of what was given first: equal logits cancel exactly, close ones without rounding.
        return (a.values - b.values) - (a.top - b.top) - (a.log_rest - b.log_rest)
    logarithms = p.log_probabilities - q.log_probabilities
    if p.scores is not None or q.scores is not None:
        return logarithms
    total = p.probabilities + q.probabilities
    relative = (p.probabilities - q.probabilities) / xp.where(total > 0, total, 1.0)
    # Up to a ratio of 2 the difference is exact (Sterbenz, 1974), and log(p/q) = 2 artanh((p - q)/(p + q)).
    near = xp.abs(relative) < 1 / 3
    return xp.where(near, 2 * xp.atanh(xp.where(near, relative, 0.0)), logarithms)


def _exponential_remainder(d: Any) -> Any:
    """The value d - 1 + exp(-d) for small d, by its Taylor series d^2/2 (1 - d/3 (1 - d/4 (1 - ...)))."""
    nested = 1.0
    for k in range(_SERIES_DEGREE, 2, -1):
        nested = 1.0 - d / k * nested
    return d * d / 2 * nested
