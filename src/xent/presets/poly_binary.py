"""Poly-1 loss of independent classes: binary cross entropy with another first term of its polynomial expansion."""

from torch import Tensor
from typing_extensions import Unpack

from xent.core.check import number
from xent.core.event import Event
from xent.functional import binary_cross_entropy_with_logits
from xent.nn import BCEWithLogitsLoss
from xent.presets.settings import SigmoidArguments, SigmoidSettings, compose

__all__ = ["PolyBinaryLoss", "poly_binary_loss"]


def poly_binary_loss(input: Tensor, target: Tensor, poly: float = 1.0, **settings: Unpack[SigmoidArguments]) -> Tensor:
    r"""Poly-1 loss of independent classes, with :math:`p = \sigma(z)`.

    .. math::
        y\, (-\log p + poly\,(1-p)) + (1-y)\, (-\log(1-p) + poly\; p)

    In powers of 1-p, -log p is :math:`\sum_{j \ge 1} (1-p)^j / j`; ``poly`` adds to the coefficient of the first.

    Args:
        input: Logits of any shape; in multi-label classification (N, C).
        target: y of the input's shape, floating point.
        poly: At least -1, where the first term is gone; 0 is binary cross entropy.
        **settings: Of :func:`xent.binary_cross_entropy_with_logits`, but for ``positive`` and ``negative``.

    Returns:
        The loss in nats, as :func:`xent.binary_cross_entropy_with_logits` returns it.

    Raises:
        ValueError: ``poly`` below -1, where a better prediction of an easy element would cost more, and what
            :func:`xent.binary_cross_entropy_with_logits` raises.
        TypeError: ``positive`` or ``negative`` is given.

    Example:
        >>> import torch, xent
        >>> xent.poly_binary_loss(torch.tensor([[0.0, 0.0]]), torch.tensor([[1.0, 0.0]]))
        tensor(1.1931)

    References:
        Leng et al., PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions, 2022.
    """
    own = _events("poly_binary_loss", poly)
    return binary_cross_entropy_with_logits(input, target, **compose("poly_binary_loss", settings, **own))


class PolyBinaryLoss(BCEWithLogitsLoss):
    r"""Poly-1 loss of independent classes; see :func:`xent.poly_binary_loss`.

    Args:
        poly: At least -1; 0 is binary cross entropy.
        **settings: Of :class:`xent.BCEWithLogitsLoss`, but for ``positive`` and ``negative``.

    Shape:
        As :func:`xent.binary_cross_entropy_with_logits`; the loss is in nats.

    Raises:
        ValueError: ``poly`` below -1.
        TypeError: ``positive`` or ``negative`` is given.

    Example:
        >>> import torch, xent
        >>> xent.PolyBinaryLoss(poly=2.0)(torch.tensor([[0.0]]), torch.tensor([[1.0]]))
        tensor(1.6931)

    References:
        Leng et al., PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions, 2022.
    """

    def __init__(self, poly: float = 1.0, **settings: Unpack[SigmoidSettings]) -> None:
        super().__init__(**compose("PolyBinaryLoss", settings, **_events("PolyBinaryLoss", poly)))


def _events(name: str, poly: float) -> dict[str, Event]:
    event = Event(poly=number(name, "poly", poly, least=-1.0))
    return {"positive": event, "negative": event}
