"""Focal loss of independent classes: what is easy counts less, and positives and negatives are balanced by alpha."""

import torch
from torch import Tensor
from typing_extensions import Unpack

from xent.core.check import number
from xent.core.event import Event
from xent.functional import binary_cross_entropy_with_logits
from xent.nn import BCEWithLogitsLoss
from xent.presets.settings import SigmoidArguments, SigmoidSettings, compose

__all__ = ["SigmoidFocalLoss", "sigmoid_focal_loss"]


def sigmoid_focal_loss(
    input: Tensor, target: Tensor, alpha: float | None = 0.25, gamma: float = 2.0, **settings: Unpack[SigmoidArguments]
) -> Tensor:
    r"""Focal loss of independent classes, with :math:`p = \sigma(z)`.

    .. math::
        \alpha\, y\, (1-p)^\gamma (-\log p) + (1-\alpha)\, (1-y)\, p^\gamma (-\log(1-p))

    For targets of 0 and 1 these are torchvision's numbers. A soft target is split between the two events, as above;
    torchvision and fvcore mix first (:math:`p_t = yp + (1-y)(1-p)`), and quality focal loss takes the distance to the
    target. The mean is over the elements that count; torchvision's default is no reduction.

    The default ``alpha`` of 0.25 makes positives count a third of what negatives do. That was found for object
    detectors with a great many negatives and gamma 2; elsewhere it costs recall. None leaves both sides as they are.

    Args:
        input: Logits of any shape; in multi-label classification (N, C).
        target: y of the input's shape, floating point.
        alpha: In [0, 1]: the weight of positives, 1 - alpha that of negatives. None: no weights.
        gamma: At least 0; 0 is binary cross entropy.
        **settings: Of :func:`xent.binary_cross_entropy_with_logits`, but for ``positive``, ``negative`` and, beside an
            ``alpha``, ``pos_weight`` and ``neg_weight``.

    Returns:
        The loss in nats, as :func:`xent.binary_cross_entropy_with_logits` returns it.

    Raises:
        ValueError: ``alpha`` outside [0, 1], ``gamma`` below 0, and what
            :func:`xent.binary_cross_entropy_with_logits` raises.
        TypeError: A setting is given that the loss sets itself.

    Example:
        >>> import torch, xent
        >>> xent.sigmoid_focal_loss(torch.tensor([[0.0, 2.0]]), torch.tensor([[0.0, 1.0]]))
        tensor(0.0652)

    References:
        Lin et al., Focal Loss for Dense Object Detection, 2017.
    """
    # Numbers are exact as float64, whatever the logits are.
    own = _own("sigmoid_focal_loss", alpha, gamma, torch.float64)
    return binary_cross_entropy_with_logits(input, target, **compose("sigmoid_focal_loss", settings, **own))


class SigmoidFocalLoss(BCEWithLogitsLoss):
    r"""Focal loss of independent classes; see :func:`xent.sigmoid_focal_loss`.

    Args:
        alpha: In [0, 1]: the weight of positives, 1 - alpha that of negatives. None: no weights.
        gamma: At least 0; 0 is binary cross entropy.
        **settings: Of :class:`xent.BCEWithLogitsLoss`, but for ``positive``, ``negative`` and, beside an ``alpha``,
            ``pos_weight`` and ``neg_weight``.

    Shape:
        As :func:`xent.binary_cross_entropy_with_logits`; the loss is in nats.

    Raises:
        ValueError: ``alpha`` outside [0, 1], or ``gamma`` below 0.
        TypeError: A setting is given that the loss sets itself.

    Example:
        >>> import torch, xent
        >>> xent.SigmoidFocalLoss(alpha=None)(torch.tensor([[0.0]]), torch.tensor([[1.0]]))
        tensor(0.1733)

    References:
        Lin et al., Focal Loss for Dense Object Detection, 2017.
    """

    def __init__(self, alpha: float | None = 0.25, gamma: float = 2.0, **settings: Unpack[SigmoidSettings]) -> None:
        # As buffers, so in the default dtype: a device without float64 takes them too.
        own = _own("SigmoidFocalLoss", alpha, gamma, torch.get_default_dtype())
        super().__init__(**compose("SigmoidFocalLoss", settings, **own))
        self.alpha = alpha

    def extra_repr(self) -> str:
        """Settings that differ from torch's defaults."""
        return ", ".join(part for part in (f"alpha={self.alpha}", super().extra_repr()) if part)


def _own(name: str, alpha: float | None, gamma: float, dtype: torch.dtype) -> dict[str, Event | Tensor]:
    event = Event(gamma=number(name, "gamma", gamma, least=0.0))
    own: dict[str, Event | Tensor] = {"positive": event, "negative": event}
    if alpha is not None:
        alpha = number(name, "alpha", alpha, least=0.0, most=1.0)
        own["pos_weight"] = torch.tensor(alpha, dtype=dtype)
        own["neg_weight"] = torch.tensor(1.0 - alpha, dtype=dtype)
    return own
