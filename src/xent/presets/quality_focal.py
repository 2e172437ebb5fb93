"""Quality focal loss: binary cross entropy of soft targets, counting less the closer the prediction is."""

from torch import Tensor
from typing_extensions import Unpack

from xent import dispatch
from xent.core import check
from xent.core.check import number
from xent.core.reduce import Normalizer, check_normalizer, settle_reduction
from xent.nn import BCEWithLogitsLoss
from xent.presets.elements import elements
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
}


def quality_focal_loss(
    input: Tensor, target: Tensor, beta: float = 2.0, **settings: Unpack[SigmoidArguments]
) -> Tensor:
    r"""Quality focal loss, with :math:`p = \sigma(z)`.

    .. math::
        |y - p|^\beta\, \big( -y \log p - (1-y) \log(1-p) \big)

    It is 0 at p = y, for soft targets too, which focal loss event by event (:func:`xent.sigmoid_focal_loss`) is not.
    For targets of 0 and 1 the two agree, without alpha. For ``beta`` below 1 the loss has a cusp at p = y, and the
    gradient given there is 0.

    Args:
        input: Logits of any shape; in multi-label classification (N, C).
        target: y in [0, 1] of the input's shape, floating point; in detection the overlap with the true box.
        beta: At least 0; 0 is binary cross entropy.
        **settings: Of :func:`xent.binary_cross_entropy_with_logits`: ``weight``, ``pos_weight``, ``neg_weight``,
            ``reduction``, ``ignore_index``, ``sample_weight``, ``mask``, ``normalizer`` and ``inplace_gradient``.

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
    inplace_gradient = settings.pop("inplace_gradient", False)
    weight, pos_weight = settings.pop("weight", None), settings.pop("pos_weight", None)
    neg_weight = settings.pop("neg_weight", None)
    call = elements(name, input, target, **settings)  # type: ignore[misc]  # what is left it knows
    for argument, value in (("weight", weight), ("pos_weight", pos_weight), ("neg_weight", neg_weight)):
        check.element_weight(name, argument, value, input)
    check.same_device(input, weight=weight, pos_weight=pos_weight, neg_weight=neg_weight)
    check.inplace_gradient(inplace_gradient, reduction, input)
    call = call._replace(weight=weight, pos_weight=pos_weight, neg_weight=neg_weight, distance=float(beta))
    return dispatch.loss(call, reduction, normalizer, inplace_gradient)


class QualityFocalLoss(BCEWithLogitsLoss):
    r"""Quality focal loss; see :func:`xent.quality_focal_loss`.

    Args:
        beta: At least 0; 0 is binary cross entropy.
        **settings: Of :class:`xent.BCEWithLogitsLoss`: ``weight``, ``pos_weight``, ``neg_weight``, ``reduction``,
            ``ignore_index`` and ``inplace_gradient``.

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
            inplace_gradient=self.inplace_gradient,
            **batch,
        )

    def extra_repr(self) -> str:
        """Settings that differ from torch's defaults."""
        return ", ".join(part for part in (f"beta={self.beta}", super().extra_repr()) if part)
