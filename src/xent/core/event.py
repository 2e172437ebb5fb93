"""The loss of one event to which the model gives probability p.

    phi(p) = (1-p)^gamma * ( (1-p^q)/q + poly*(1-p) )        q -> 0:  (1-p^q)/q -> -log p

Both functions take nll = -log p instead of p, because nll keeps full relative precision where
p rounds to one: p = exp(-nll) and 1-p = -expm1(-nll). The derivative of phi in nll is

    h(p) = gamma*p*(1-p)^(gamma-1)*f + (1-p)^gamma*(p^q + poly*p)        f = (1-p^q)/q + poly*(1-p)

which is what a gradient in the logits needs: d phi/dz = h(p) * d nll/dz.
"""

import math
from dataclasses import dataclass, fields

import torch
from torch import Tensor


@dataclass(frozen=True)
class Event:
    r"""The loss of an event, :math:`\phi(p) = (1-p)^\gamma \left(\frac{1-p^q}{q} + poly\,(1-p)\right)`, in nats.

    The default is the negative log-likelihood, :math:`-\log p`.

    Args:
        gamma: Focusing exponent, at least 0. Easy events (p near 1) count less. Lin et al., 2017.
        poly: Coefficient of the first polynomial term 1-p. Leng et al., 2022.
        q: Box-Cox exponent, at least 0; 0 is the logarithm and 1 the mean absolute error. Zhang & Sabuncu, 2018.
        shift: Probability margin in [0, 1) of the negative side of a binary loss: p is replaced by
            min(p + shift, 1), so that negatives with a score below ``shift`` cost nothing. Ridnik et al., 2021.

    Raises:
        TypeError: If a parameter is not a number.
        ValueError: If a parameter lies outside its domain.

    Example:
        >>> import xent
        >>> xent.Event(gamma=2)
        Event(gamma=2)
    """

    gamma: float = 0.0
    poly: float = 0.0
    q: float = 0.0
    shift: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise TypeError(f"Event: `{field.name}` must be a number, not {type(value).__name__}.")
            if not -math.inf < value < math.inf:
                raise ValueError(f"Event: `{field.name}` must be finite, got {value}.")
        for name in ("gamma", "q"):
            if getattr(self, name) < 0:
                raise ValueError(f"Event: `{name}` must be at least 0, got {getattr(self, name)}.")
        if not 0 <= self.shift < 1:
            raise ValueError(f"Event: `shift` must be in [0, 1), got {self.shift}.")

    def __repr__(self) -> str:
        given = (f"{f.name}={getattr(self, f.name)}" for f in fields(self) if getattr(self, f.name) != f.default)
        return f"Event({', '.join(given)})"

    def __reduce__(self) -> str | tuple[type, tuple[float, ...]]:
        # The default is copied and unpickled by name: losses know it by identity, and take their shortest way.
        return "NLL" if self is NLL else (Event, (self.gamma, self.poly, self.q, self.shift))

    @property
    def is_log(self) -> bool:
        """Whether phi(p) is plainly -log p, so that h = 1."""
        return self.gamma == 0 and self.poly == 0 and self.q == 0


NLL = Event()


def phi(event: Event, nll: Tensor) -> Tensor:
    """Loss of events whose negative log-probabilities are ``nll``, in nats, of the same shape."""
    if event.is_log:
        return nll
    loss = _unfocused(event, nll)
    if event.gamma == 0:
        return loss
    certain, miss = _miss(nll)
    return (miss**event.gamma * loss).masked_fill(certain, 0.0)


def slope(event: Event, nll: Tensor) -> Tensor:
    """Derivative h of :func:`phi` in ``nll``, without unit, of the same shape."""
    if event.is_log:
        return torch.ones_like(nll)
    p = torch.exp(-nll)
    unfocused = torch.exp(-event.q * nll) if event.q else torch.ones_like(nll)
    unfocused = unfocused + event.poly * p
    if event.gamma == 0:
        return unfocused
    certain, miss = _miss(nll)
    # p*f -> 0 with p, although f may be infinite there.
    focus = (p * _unfocused(event, nll.masked_fill(p == 0, 0.0))) / miss
    return (miss**event.gamma * (event.gamma * focus + unfocused)).masked_fill(certain, 0.0)


def weigh(coefficients: Tensor | float, loss: Tensor) -> Tensor:
    """Product in which 0 * inf = 0: what does not count may be impossible."""
    if isinstance(coefficients, float):
        return coefficients * loss
    uncounted = (coefficients == 0) & torch.isinf(loss)
    return coefficients * loss.masked_fill(uncounted, 0.0)


def _unfocused(event: Event, nll: Tensor) -> Tensor:
    loss = _one_minus_exp(event.q * nll) / event.q if event.q else nll
    return loss + event.poly * -torch.expm1(-nll) if event.poly else loss


def _one_minus_exp(x: Tensor) -> Tensor:
    """1 - exp(-x) for x >= 0, its derivative exp(-x) as precise as itself; that of expm1 is exp(-x) - 1 + 1."""
    near = x < 0.5
    return torch.where(near, -torch.expm1(-x.masked_fill(~near, 0.0)), 1.0 - torch.exp(-x.masked_fill(near, 1.0)))


def _miss(nll: Tensor) -> tuple[Tensor, Tensor]:
    """Where the event is certain (1-p below the smallest normal number), and 1-p, with 1 in those places.

    No power of it is then infinite. Where p underflows it is 1 without a derivative: beside an infinite nll that of
    1-p, which is 0, would make nan.
    """
    hopeless = torch.exp(-nll) == 0
    miss = -torch.expm1(-nll.masked_fill(hopeless, math.inf))
    certain = miss < torch.finfo(nll.dtype).tiny
    return certain, miss.masked_fill(certain, 1.0)
