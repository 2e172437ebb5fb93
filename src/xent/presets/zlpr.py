"""ZLPR: every positive above 0, every negative below, as two softmax losses with a class at 0 beside them."""

import math

import torch
from torch import Tensor
from typing_extensions import Unpack

from xent import dispatch
from xent.core import check
from xent.core.call import ZLPRCall
from xent.core.reduce import Normalizer, check_normalizer, settle_reduction
from xent.presets.elements import elements, read_elements
from xent.presets.refusals import refuse
from xent.presets.settings import OfBatch, SigmoidArguments, SigmoidSettings

__all__ = ["ZLPRLoss", "zlpr_loss"]

JOINT = "the classes of a row have one loss together, and no loss of their own to weigh; use sample_weight for rows"
EVENTS = "its events are softmax losses of a row; use asymmetric_loss for two sides"
REFUSED = {
    "weight": JOINT,
    "pos_weight": JOINT,
    "neg_weight": JOINT,
    "positive": EVENTS,
    "negative": EVENTS,
    "neg_scale": EVENTS,
    "label_smoothing": "targets may be soft; pass (1 - label_smoothing)*target + label_smoothing/2",
    "smoothing_prior": "targets may be soft; pass (1 - label_smoothing)*target + label_smoothing*smoothing_prior",
    "logits": "transform the logits before the call",
    "inplace_gradient": "the logits are read twice, once for each side",
}


def zlpr_loss(input: Tensor, target: Tensor, *, dim: int = -1, **settings: Unpack[SigmoidArguments]) -> Tensor:
    r"""Zero-bounded log-sum-exp and pairwise rank-based loss (ZLPR) of multi-label rows.

    .. math::
        \log\Big(1 + \sum_{k:\, y_k = 0} e^{z_k}\Big) + \log\Big(1 + \sum_{k:\, y_k = 1} e^{-z_k}\Big)

    Each half is cross entropy over the logits of one side and a class at 0, which is the label. Predict the classes
    with a logit above 0. The sigmoid of a logit is no probability here: classes compete, and only the largest negative
    and the smallest positive are pushed hard. For soft targets, :math:`e^{z_k}` counts :math:`1-y_k` times and
    :math:`e^{-z_k}` :math:`y_k` times.

    Args:
        input: Logits of shape (C,), (N, C) or (N, d1, ..., C), or with the class axis at ``dim``.
        target: y in [0, 1] of the input's shape, floating point.
        dim: The class axis, the last by default.
        **settings: Of :func:`xent.binary_cross_entropy_with_logits`: ``reduction`` and ``normalizer``, over rows;
            ``sample_weight`` of the rows' shape (that of the input without the class axis), or a leading part of it;
            ``mask`` and ``ignore_index``, which take elements out of their row, and the row where none is left.

    Returns:
        The loss in nats: a scalar, or one number a row for reduction "none"; its dtype is the wider of input and
        target, float32 under autocast. nan where a target lies outside [0, 1], or a
        logit is infinite on the wrong side, as in cross entropy.

    Raises:
        ValueError: Shapes that do not fit, or a setting outside its domain.
        RuntimeError: A target that is not floating point, or that asks for a gradient.
        TypeError: A setting is given that has no place here.
        IndexError: ``dim`` is no axis.

    Example:
        >>> import torch, xent
        >>> xent.zlpr_loss(torch.tensor([[3.0, -2.0, -1.0]]), torch.tensor([[1.0, 0.0, 0.0]]))
        tensor(0.4562)

    References:
        Su et al., ZLPR: A Novel Loss for Multi-label Classification, 2022.
    """
    name = "zlpr_loss"
    refuse(name, settings, REFUSED)
    call = elements(name, input, target, settings.pop("ignore_index", None), mask=settings.pop("mask", None))
    check.no_gradient(name, "target", target)
    reduction = settle_reduction(None, None, settings.pop("reduction", "mean"))
    normalizer: Normalizer | None = settings.pop("normalizer", None)
    check_normalizer(normalizer, reduction)
    sample_weight: Tensor | None = settings.pop("sample_weight", None)
    axis, read, rows_read = check.class_axis(input, dim), read_elements(call), None
    z, y = input.movedim(axis, -1), target.movedim(axis, -1)
    if read is not None:
        read = read.movedim(axis, -1)
        # A negative of logit -inf adds nothing.
        z, y, rows_read = z.masked_fill(~read, -math.inf), y.masked_fill(~read, 0.0), read.any(-1)
    check.row_settings(sample_weight, rows_read, z.shape[:-1])
    check.same_device(input, sample_weight=sample_weight)
    of_rows = ZLPRCall(z.contiguous(), y, False, z.ndim - 1, None, None, sample_weight=sample_weight, mask=rows_read)
    return dispatch.loss(of_rows, reduction, normalizer)


class ZLPRLoss(torch.nn.Module):
    r"""Zero-bounded log-sum-exp and pairwise rank-based loss (ZLPR); see :func:`xent.zlpr_loss`.

    Args:
        dim: The class axis, the last by default.
        **settings: Of :class:`xent.BCEWithLogitsLoss`: ``reduction`` and ``ignore_index``.

    Shape:
        As :func:`xent.zlpr_loss`; the loss is in nats.

    Raises:
        TypeError: A setting is given that has no place here.

    Example:
        >>> import torch, xent
        >>> xent.ZLPRLoss()(torch.tensor([[0.0, 0.0, 0.0]]), torch.tensor([[1.0, 0.0, 0.0]]))
        tensor(1.7918)

    References:
        Su et al., ZLPR: A Novel Loss for Multi-label Classification, 2022.
    """

    def __init__(self, *, dim: int = -1, **settings: Unpack[SigmoidSettings]) -> None:
        super().__init__()
        refuse("ZLPRLoss", settings, REFUSED)
        self.dim = dim
        self.reduction = settings.get("reduction", "mean")
        self.ignore_index = settings.get("ignore_index")

    def forward(self, input: Tensor, target: Tensor, **batch: Unpack[OfBatch]) -> Tensor:
        """Loss of a batch, in nats; see :func:`xent.zlpr_loss`."""
        return zlpr_loss(
            input,
            target,
            dim=self.dim,
            reduction=self.reduction,
            ignore_index=self.ignore_index,
            **batch,
        )

    def extra_repr(self) -> str:
        """Settings that differ from their defaults."""
        defaults = {"dim": -1, "reduction": "mean", "ignore_index": None}
        given = {name: getattr(self, name) for name in defaults}
        return ", ".join(f"{name}={value!r}" for name, value in given.items() if value != defaults[name])
