"""Poly-1 loss of softmax rows: cross entropy with another first term of its polynomial expansion."""

from torch import Tensor
from typing_extensions import Unpack

from xent.core.check import number
from xent.core.event import Event
from xent.functional import cross_entropy
from xent.nn import CrossEntropyLoss
from xent.presets.settings import SoftmaxArguments, SoftmaxSettings, compose

__all__ = ["Poly1Loss", "poly1_loss"]


def poly1_loss(input: Tensor, target: Tensor, poly: float = 1.0, **settings: Unpack[SoftmaxArguments]) -> Tensor:
    r"""Poly-1 loss, :math:`-\log p_y + poly\,(1-p_y)`.

    In powers of 1-p, cross entropy is :math:`\sum_{j \ge 1} (1-p_y)^j / j`; this adds to the coefficient of the first.
    With probability targets, or label smoothing, it is :math:`\sum_k t_k (-\log p_k + poly\,(1-p_k))`.

    Args:
        input: Logits of shape (C,), (N, C) or (N, C, d1, ...).
        target: Class indices, or probabilities of the input's shape.
        poly: At least -1, where the first term is gone; 0 is cross entropy.
        **settings: Of :func:`xent.cross_entropy`, but for ``event``.

    Returns:
        The loss in nats, as :func:`xent.cross_entropy` returns it.

    Raises:
        ValueError: ``poly`` below -1, where a better prediction of an easy row would cost more, and what
            :func:`xent.cross_entropy` raises.
        TypeError: ``event`` is given.

    Example:
        >>> import torch, xent
        >>> xent.poly1_loss(torch.tensor([[0.0, 0.0]]), torch.tensor([0]))
        tensor(1.1931)

    References:
        Leng et al., PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions, 2022.
    """
    return cross_entropy(input, target, **compose("poly1_loss", settings, event=_event("poly1_loss", poly)))


class Poly1Loss(CrossEntropyLoss):
    r"""Poly-1 loss, :math:`-\log p_y + poly\,(1-p_y)`; see :func:`xent.poly1_loss`.

    Args:
        poly: At least -1; 0 is cross entropy.
        **settings: Of :class:`xent.CrossEntropyLoss`, but for ``event``.

    Shape:
        As :func:`xent.cross_entropy`; the loss is in nats.

    Raises:
        ValueError: ``poly`` below -1.
        TypeError: ``event`` is given.

    Example:
        >>> import torch, xent
        >>> xent.Poly1Loss(poly=2.0)(torch.tensor([[0.0, 0.0]]), torch.tensor([0]))
        tensor(1.6931)

    References:
        Leng et al., PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions, 2022.
    """

    def __init__(self, poly: float = 1.0, **settings: Unpack[SoftmaxSettings]) -> None:
        super().__init__(**compose("Poly1Loss", settings, event=_event("Poly1Loss", poly)))


def _event(name: str, poly: float) -> Event:
    return Event(poly=number(name, "poly", poly, least=-1.0))
