"""Focal loss of softmax rows: what is easy counts less."""

from torch import Tensor
from typing_extensions import Unpack

from xent.core.event import Event
from xent.functional import cross_entropy
from xent.nn import CrossEntropyLoss
from xent.presets.settings import SoftmaxArguments, SoftmaxSettings, compose

__all__ = ["FocalLoss", "focal_loss"]


def focal_loss(input: Tensor, target: Tensor, gamma: float = 2.0, **settings: Unpack[SoftmaxArguments]) -> Tensor:
    r"""Focal loss, :math:`-(1-p_y)^\gamma \log p_y`.

    With probability targets it is taken event by event, :math:`\sum_k t_k\,(1-p_k)^\gamma (-\log p_k)`. Others mix
    first (:math:`p_t = tp + (1-t)(1-p)`, fvcore and torchvision), or use the distance to the target (quality focal
    loss), or :math:`e^{-BCE}` for p; for labels all agree.

    Args:
        input: Logits of shape (C,), (N, C) or (N, C, d1, ...).
        target: Class indices, or probabilities of the input's shape.
        gamma: At least 0; 0 is cross entropy.
        **settings: Of :func:`xent.cross_entropy`, but for ``event``.

    Returns:
        The loss in nats, as :func:`xent.cross_entropy` returns it.

    Raises:
        ValueError: ``gamma`` below 0, and what :func:`xent.cross_entropy` raises.
        TypeError: ``event`` is given.

    Example:
        >>> import torch, xent
        >>> xent.focal_loss(torch.tensor([[2.0, 0.0]]), torch.tensor([0]))
        tensor(0.0018)

    References:
        Lin et al., Focal Loss for Dense Object Detection, 2017.
    """
    return cross_entropy(input, target, **compose("focal_loss", settings, event=Event(gamma=gamma)))


class FocalLoss(CrossEntropyLoss):
    r"""Focal loss, :math:`-(1-p_y)^\gamma \log p_y`; see :func:`xent.focal_loss`.

    Args:
        gamma: At least 0; 0 is cross entropy.
        **settings: Of :class:`xent.CrossEntropyLoss`, but for ``event``.

    Shape:
        As :func:`xent.cross_entropy`; the loss is in nats.

    Raises:
        ValueError: ``gamma`` below 0.
        TypeError: ``event`` is given.

    Example:
        >>> import torch, xent
        >>> xent.FocalLoss(gamma=1.0)(torch.tensor([[2.0, 0.0]]), torch.tensor([0]))
        tensor(0.0151)

    References:
        Lin et al., Focal Loss for Dense Object Detection, 2017.
    """

    def __init__(self, gamma: float = 2.0, **settings: Unpack[SoftmaxSettings]) -> None:
        super().__init__(**compose("FocalLoss", settings, event=Event(gamma=gamma)))
