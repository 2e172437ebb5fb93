"""Asymmetric loss: negatives are focused harder than positives, and very easy negatives cost nothing."""

from torch import Tensor
from typing_extensions import Unpack

from xent.core.check import number
from xent.core.event import Event
from xent.functional import binary_cross_entropy_with_logits
from xent.nn import BCEWithLogitsLoss
from xent.presets.settings import SigmoidArguments, SigmoidSettings, compose

__all__ = ["AsymmetricLoss", "asymmetric_loss"]


def asymmetric_loss(
    input: Tensor,
    target: Tensor,
    gamma_pos: float = 1.0,
    gamma_neg: float = 4.0,
    clip: float = 0.05,
    **settings: Unpack[SigmoidArguments],
) -> Tensor:
    r"""Asymmetric loss (ASL), with :math:`p = \sigma(z)` and :math:`p_m = \max(p - clip, 0)`.

    .. math::
        y\, (1-p)^{\gamma_+} (-\log p) + (1-y)\, p_m^{\gamma_-} (-\log(1-p_m))

    A negative with a score of ``clip`` or less has neither loss nor gradient. The gradient is that of the formula; the
    authors' training code takes the focusing factors for constants, and sums over the batch. Here ``reduction`` says
    what is done, and ``gamma_pos=gamma_neg=clip=0`` is binary cross entropy.

    Args:
        input: Logits of any shape; in multi-label classification (N, C).
        target: y of the input's shape, floating point.
        gamma_pos: Focusing of positives, at least 0.
        gamma_neg: Focusing of negatives, at least 0.
        clip: In [0, 1): how far the score of negatives is lowered; 0 for not at all.
        **settings: Of :func:`xent.binary_cross_entropy_with_logits`, but for ``positive`` and ``negative``.

    Returns:
        The loss in nats, as :func:`xent.binary_cross_entropy_with_logits` returns it.

    Raises:
        ValueError: A parameter outside its domain, and what :func:`xent.binary_cross_entropy_with_logits` raises.
        TypeError: ``positive`` or ``negative`` is given.

    Example:
        >>> import torch, xent
        >>> xent.asymmetric_loss(torch.tensor([[1.0, -4.0]]), torch.tensor([[1.0, 0.0]]))
        tensor(0.0421)

    References:
        Ridnik et al., Asymmetric Loss for Multi-Label Classification, 2021.
    """
    own = _events("asymmetric_loss", gamma_pos, gamma_neg, clip)
    return binary_cross_entropy_with_logits(input, target, **compose("asymmetric_loss", settings, **own))


class AsymmetricLoss(BCEWithLogitsLoss):
    r"""Asymmetric loss (ASL); see :func:`xent.asymmetric_loss`.

    Args:
        gamma_pos: Focusing of positives, at least 0.
        gamma_neg: Focusing of negatives, at least 0.
        clip: In [0, 1): how far the score of negatives is lowered; 0 for not at all.
        **settings: Of :class:`xent.BCEWithLogitsLoss`, but for ``positive`` and ``negative``.

    Shape:
        As :func:`xent.binary_cross_entropy_with_logits`; the loss is in nats.

    Raises:
        ValueError: A parameter outside its domain.
        TypeError: ``positive`` or ``negative`` is given.

    Example:
        >>> import torch, xent
        >>> xent.AsymmetricLoss(gamma_pos=0.0)(torch.tensor([[0.0, -4.0]]), torch.tensor([[1.0, 0.0]]))
        tensor(0.3466)

    References:
        Ridnik et al., Asymmetric Loss for Multi-Label Classification, 2021.
    """

    def __init__(
        self,
        gamma_pos: float = 1.0,
        gamma_neg: float = 4.0,
        clip: float = 0.05,
        **settings: Unpack[SigmoidSettings],
    ) -> None:
        own = _events("AsymmetricLoss", gamma_pos, gamma_neg, clip)
        super().__init__(**compose("AsymmetricLoss", settings, **own))


def _events(name: str, gamma_pos: float, gamma_neg: float, clip: float) -> dict[str, Event]:
    if number(name, "clip", clip, least=0.0) >= 1:
        raise ValueError(f"{name}: `clip` must be below 1, got {clip}: no negative would cost anything.")
    return {
        "positive": Event(gamma=number(name, "gamma_pos", gamma_pos, least=0.0)),
        "negative": Event(gamma=number(name, "gamma_neg", gamma_neg, least=0.0), shift=clip),
    }
