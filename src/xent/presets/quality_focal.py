"""Quality focal loss: binary cross entropy of soft targets, counting less the closer the prediction is.

It is no setting of the core, whose events know the prediction and not its distance to the target. The cross entropy in
it is the core's; the factor before it is plain PyTorch, without a kernel.
"""

import torch
from torch import Tensor
from typing_extensions import Unpack

from xent.core.event import weigh
from xent.core.precision import arithmetic_dtype
from xent.core.reduce import Normalizer, check_normalizer, denominator, reduce_rows, settle_reduction
from xent.dispatch.choice import result_dtype
from xent.functional import binary_cross_entropy_with_logits
from xent.nn import BCEWithLogitsLoss
from xent.presets.domains import number
from xent.presets.elements import elements, read_elements
from xent.presets.refusals import refuse
from xent.presets.settings import OfBatch, SigmoidArguments, SigmoidSettings

__all__ = ["QualityFocalLoss", "quality_focal_loss"]

EVENTS = "its factor is |y - p|^beta, on both sides"
REFUSED = {
    "positive": EVENTS,
    "negative": EVENTS,
    "neg_scale": EVENTS,
    "label_smoothing": "targets may be soft; pass (1 - label_smoothing)*target + label_smoothing/2",
    "smoothing_prior": "targets may be soft; pass (1 - label_smoothing)*target + label_smoothing*smoothing_prior",
    "logits": "transform the logits before the call",
    "inplace_gradient": "its gradient is autograd's, which needs the logits",
}


def quality_focal_loss(
    input: Tensor, target: Tensor, beta: float = 2.0, **settings: Unpack[SigmoidArguments]
) -> Tensor:
    r"""Quality focal loss, with :math:`p = \sigma(z)`.

    .. math::
        |y - p|^\beta\, \big( -y \log p - (1-y) \log(1-p) \big)

    It is 0 at p = y, for soft targets too, which focal loss event by event (:func:`xent.sigmoid_focal_loss`) is not.
    For targets of 0 and 1 the two agree, without alpha. For ``beta`` below 1 the loss has a cusp at p = y, and the
    gradient given there is 0. The factor runs without a kernel.

    Args:
        input: Logits of any shape; in multi-label classification (N, C).
        target: y in [0, 1] of the input's shape, floating point; in detection the overlap with the true box.
        beta: At least 0; 0 is binary cross entropy.
        **settings: Of :func:`xent.binary_cross_entropy_with_logits`: ``weight``, ``pos_weight``, ``neg_weight``,
            ``reduction``, ``ignore_index``, ``sample_weight``, ``mask`` and ``normalizer``.

    Returns:
        The loss in nats, as :func:`xent.binary_cross_entropy_with_logits` returns it; differentiable in the target too.

    Raises:
        ValueError: ``beta`` below 0, and what :func:`xent.binary_cross_entropy_with_logits` raises.
        TypeError: A setting is given that has no place here.

    Example:
        >>> import torch, xent
        >>> xent.quality_focal_loss(torch.tensor([[0.0, 2.0]]), torch.tensor([[0.5, 0.0]]))
        tensor(0.8250)

    References:
        Li et al., Generalized Focal Loss: Learning Qualified and Distributed Bounding Boxes for Dense Object
        Detection, 2020.
    """
    name = "quality_focal_loss"
    number(name, "beta", beta, least=0.0)
    refuse(name, settings, REFUSED)
    reduction = settle_reduction(None, None, settings.pop("reduction", "mean"))
    normalizer: Normalizer | None = settings.pop("normalizer", None)
    check_normalizer(normalizer, reduction)
    mask, ignore_index = settings.pop("mask", None), settings.pop("ignore_index", None)
    call = elements(name, input, target, ignore_index, settings.get("sample_weight"), mask)
    read, dtype = read_elements(call), arithmetic_dtype(input, target)
    z, y = input.to(dtype), target.to(dtype)
    if read is not None:
        z, y = z.masked_fill(~read, 0.0), y.masked_fill(~read, 0.0)
    of_elements: SigmoidArguments = {**settings, "reduction": "none", "mask": read}
    rows = binary_cross_entropy_with_logits(z, y, **of_elements)
    if beta > 0:
        rows = weigh(_factor(z, y, beta), rows)
    return reduce_rows(rows, denominator(call, reduction, normalizer)).to(result_dtype(call))


class QualityFocalLoss(BCEWithLogitsLoss):
    r"""Quality focal loss; see :func:`xent.quality_focal_loss`.

    Args:
        beta: At least 0; 0 is binary cross entropy.
        **settings: Of :class:`xent.BCEWithLogitsLoss`: ``weight``, ``pos_weight``, ``neg_weight``, ``reduction`` and
            ``ignore_index``.

    Shape:
        As :func:`xent.binary_cross_entropy_with_logits`; the loss is in nats.

    Raises:
        ValueError: ``beta`` below 0.
        TypeError: A setting is given that has no place here.

    Example:
        >>> import torch, xent
        >>> xent.QualityFocalLoss(beta=1.0)(torch.tensor([[0.0]]), torch.tensor([[1.0]]))
        tensor(0.3466)

    References:
        Li et al., Generalized Focal Loss: Learning Qualified and Distributed Bounding Boxes for Dense Object
        Detection, 2020.
    """

    def __init__(self, beta: float = 2.0, **settings: Unpack[SigmoidSettings]) -> None:
        refuse("QualityFocalLoss", settings, REFUSED)
        super().__init__(**settings)
        self.beta = number("QualityFocalLoss", "beta", beta, least=0.0)

    def forward(self, input: Tensor, target: Tensor, **batch: Unpack[OfBatch]) -> Tensor:
        """Loss of a batch, in nats; see :func:`xent.quality_focal_loss`."""
        return quality_focal_loss(
            input,
            target,
            self.beta,
            weight=self.weight,
            pos_weight=self.pos_weight,
            neg_weight=self.neg_weight,
            reduction=self.reduction,
            ignore_index=self.ignore_index,
            **batch,
        )

    def extra_repr(self) -> str:
        """Settings that differ from torch's defaults."""
        return ", ".join(part for part in (f"beta={self.beta}", super().extra_repr()) if part)


def _factor(z: Tensor, y: Tensor, beta: float) -> Tensor:
    """|y - p|^beta, of the shape of ``z``."""
    # Not as a difference where y is 0 or 1, so that a small distance keeps its digits.
    distance = ((1.0 - y) * torch.sigmoid(z) - y * torch.sigmoid(-z)).abs()
    # At distance 0 a power below 1 has no derivative; below 2, its own derivative has none.
    met = distance < torch.finfo(z.dtype).tiny
    factor = (distance.masked_fill(met, 1.0) ** beta).masked_fill(met, 0.0)
    # The factor of an infinite logit does not move; its derivative, 0, would meet an infinite cross entropy.
    return torch.where(torch.isinf(z), factor.detach(), factor)
