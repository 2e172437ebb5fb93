"""The losses as modules: thin shells around xent.functional that hold buffers.

Each is a subclass of torch's module of the same name, so isinstance checks, repr and state_dict hold.
"""

from typing import Any

import torch
from torch import Tensor

from xent import dispatch, functional
from xent.core.event import NLL, Event
from xent.core.logits import LogitTransform
from xent.core.reduce import Normalizer

__all__ = ["BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "KLDivLoss", "NLLLoss"]

TENSOR_SETTINGS = ("scale", "offset", "label_offset", "margin", "valid_classes")


class _Logits(torch.nn.Module):
    """Holds a LogitTransform for a loss, its tensors as buffers (as parameters, where they are)."""

    def __init__(self, transform: LogitTransform) -> None:
        super().__init__()
        if not isinstance(transform, LogitTransform):
            raise TypeError(f"`logits` must be an xent.LogitTransform, not {type(transform).__name__}.")
        self.softcap = transform.softcap
        for name in TENSOR_SETTINGS:
            value = getattr(transform, name)
            if isinstance(value, Tensor) and not isinstance(value, torch.nn.Parameter):
                self.register_buffer(name, value)
            else:
                setattr(self, name, value)

    def transform(self) -> LogitTransform:
        """The transform, with its tensors where the module has been moved to."""
        return LogitTransform(self.softcap, **{name: getattr(self, name) for name in TENSOR_SETTINGS})

    def _get_name(self) -> str:
        return "LogitTransform"

    def extra_repr(self) -> str:
        return repr(self.transform()).removeprefix("LogitTransform(").removesuffix(")")


def _hold(logits: LogitTransform | None) -> _Logits | None:
    return None if logits is None else _Logits(logits)


def _held(logits: _Logits | LogitTransform | None) -> LogitTransform | None:
    """The transform, held as a module or assigned to the attribute later, as it is."""
    return logits.transform() if isinstance(logits, _Logits) else logits


def _describe(**settings: tuple[Any, Any]) -> str:
    """``name=value`` of the settings, given as (value, default), that differ from their default."""
    return ", ".join(f"{name}={value}" for name, (value, default) in settings.items() if value != default)


class CrossEntropyLoss(torch.nn.CrossEntropyLoss):
    r"""Cross entropy between targets and the softmax of logits. Drop-in for ``torch.nn.CrossEntropyLoss``.

    The formula and every setting are those of :func:`xent.cross_entropy`. Of them, ``sample_weight``, ``mask`` and
    ``normalizer`` belong to a batch and are given in the call.

    Args:
        weight: Class weights of shape (C,).
        size_average: Deprecated; see ``reduction``.
        ignore_index: Rows with this index are left out.
        reduce: Deprecated; see ``reduction``.
        reduction: "mean", "sum" or "none".
        label_smoothing: eps in [0, 1].
        dim: The class axis; by default the second, or the only one.
        smoothing_prior: What label smoothing mixes in, of shape (C,).
        z_loss: Coefficient of logsumexp squared.
        event: The loss of one event.
        logits: What happens to the logits before the softmax; its tensors become buffers.
        inplace_gradient: Let the gradient take the place of the logits.

    Shape:
        As :func:`xent.cross_entropy`; the loss is in nats.

    Raises:
        TypeError: A setting of the wrong type; the call raises what :func:`xent.cross_entropy` raises.

    Example:
        >>> import torch, xent
        >>> criterion = xent.CrossEntropyLoss(event=xent.Event(gamma=2))
        >>> criterion(torch.tensor([[2.0, 0.0]]), torch.tensor([0]))
        tensor(0.0018)

    References:
        See :func:`xent.cross_entropy`.
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
        *,
        dim: int | None = None,
        smoothing_prior: Tensor | None = None,
        z_loss: float = 0.0,
        event: Event = NLL,
        logits: LogitTransform | None = None,
        inplace_gradient: bool = False,
    ) -> None:
        super().__init__(weight, size_average, ignore_index, reduce, reduction, label_smoothing)
        self.dim = dim
        self.register_buffer("smoothing_prior", smoothing_prior)
        self.smoothing_prior: Tensor | None
        self.z_loss = z_loss
        self.event = event
        self.logits = _hold(logits)
        self.inplace_gradient = inplace_gradient

    def forward(
        self,
        input: Tensor,
        target: Tensor,
        *,
        sample_weight: Tensor | None = None,
        mask: Tensor | None = None,
        normalizer: Normalizer | None = None,
    ) -> Tensor:
        """Loss of a batch, in nats; see :func:`xent.cross_entropy`."""
        buffers = self._buffers  # reading a buffer as an attribute takes as long as a small loss
        if (
            sample_weight is mask is normalizer is None
            and buffers.get("weight", self) is buffers.get("smoothing_prior", self) is None
            and self.logits is None
            and self.dim is None
            and self.event is NLL
            and not self.inplace_gradient
            and type(self.label_smoothing) is type(self.z_loss) is float
            and self.label_smoothing == self.z_loss == 0.0
            and (plain := dispatch.plain_loss(input, target, self.ignore_index, self.reduction)) is not None
        ):
            return plain
        return functional.cross_entropy(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
            dim=self.dim,
            sample_weight=sample_weight,
            mask=mask,
            normalizer=normalizer,
            smoothing_prior=self.smoothing_prior,
            z_loss=self.z_loss,
            event=self.event,
            logits=_held(self.logits),
            inplace_gradient=self.inplace_gradient,
        )

    def extra_repr(self) -> str:
        """Settings that differ from torch's defaults."""
        return _describe(
            dim=(self.dim, None),
            z_loss=(self.z_loss, 0.0),
            event=(self.event, NLL),
            inplace_gradient=(self.inplace_gradient, False),
        )


class NLLLoss(torch.nn.NLLLoss):
    r"""Negative log-likelihood of class labels under log-probabilities. Drop-in for ``torch.nn.NLLLoss``.

    The formula is that of :func:`xent.nll_loss`; ``sample_weight``, ``mask`` and ``normalizer`` are given in the call.

    Args:
        weight: Class weights of shape (C,).
        size_average: Deprecated; see ``reduction``.
        ignore_index: Rows with this index are left out.
        reduce: Deprecated; see ``reduction``.
        reduction: "mean", "sum" or "none".
        dim: The class axis; by default the second, or the only one.

    Shape:
        As :func:`xent.nll_loss`; the loss is in nats.

    Raises:
        ValueError: The call raises what :func:`xent.nll_loss` raises.

    Example:
        >>> import torch, xent
        >>> xent.NLLLoss()(torch.tensor([[0.5, 0.5]]).log(), torch.tensor([1]))
        tensor(0.6931)

    References:
        Fisher, 1922.
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        *,
        dim: int | None = None,
    ) -> None:
        super().__init__(weight, size_average, ignore_index, reduce, reduction)
        self.dim = dim

    def forward(
        self,
        input: Tensor,
        target: Tensor,
        *,
        sample_weight: Tensor | None = None,
        mask: Tensor | None = None,
        normalizer: Normalizer | None = None,
    ) -> Tensor:
        """Loss of a batch, in nats; see :func:`xent.nll_loss`."""
        return functional.nll_loss(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            dim=self.dim,
            sample_weight=sample_weight,
            mask=mask,
            normalizer=normalizer,
        )

    def extra_repr(self) -> str:
        """Settings that differ from torch's defaults."""
        return _describe(dim=(self.dim, None))


class BCELoss(torch.nn.BCELoss):
    r"""Binary cross entropy of probabilities. Drop-in for ``torch.nn.BCELoss``.

    The formula is that of :func:`xent.binary_cross_entropy`; ``sample_weight``, ``mask`` and ``normalizer`` are given
    in the call. From logits, :class:`xent.BCEWithLogitsLoss` loses nothing.

    Args:
        weight: Broadcast to the input's shape.
        size_average: Deprecated; see ``reduction``.
        reduce: Deprecated; see ``reduction``.
        reduction: "mean", "sum" or "none".

    Shape:
        As :func:`xent.binary_cross_entropy`; the loss is in nats.

    Raises:
        ValueError: The call raises what :func:`xent.binary_cross_entropy` raises.

    Example:
        >>> import torch, xent
        >>> xent.BCELoss()(torch.tensor([0.5]), torch.tensor([1.0]))
        tensor(0.6931)

    References:
        Good, 1952.
    """

    def forward(
        self,
        input: Tensor,
        target: Tensor,
        *,
        sample_weight: Tensor | None = None,
        mask: Tensor | None = None,
        normalizer: Normalizer | None = None,
    ) -> Tensor:
        """Loss of a batch, in nats; see :func:`xent.binary_cross_entropy`."""
        return functional.binary_cross_entropy(
            input,
            target,
            weight=self.weight,
            reduction=self.reduction,
            sample_weight=sample_weight,
            mask=mask,
            normalizer=normalizer,
        )


class BCEWithLogitsLoss(torch.nn.BCEWithLogitsLoss):
    r"""Binary cross entropy of logits. Drop-in for ``torch.nn.BCEWithLogitsLoss``.

    The formula and every setting are those of :func:`xent.binary_cross_entropy_with_logits`. Of them,
    ``sample_weight``, ``mask`` and ``normalizer`` belong to a batch and are given in the call. ``pos_weight=0``
    does not ignore a class, ``mask`` does.

    Args:
        weight: Broadcast to the input's shape.
        size_average: Deprecated; see ``reduction``.
        reduce: Deprecated; see ``reduction``.
        reduction: "mean", "sum" or "none".
        pos_weight: Factor of the positive side, broadcast to the input's shape from the last axis.
        neg_weight: Factor of the negative side, likewise.
        ignore_index: Elements whose target has this value are left out.
        label_smoothing: eps in [0, 1].
        smoothing_prior: The probability of the positive side that smoothing mixes in; 1/2 by default.
        neg_scale: Factor of the logit on the negative side, divided out of its loss again.
        positive: The loss of the positive event.
        negative: The loss of the negative event.
        logits: What happens to the logits first; its tensors become buffers.
        inplace_gradient: Let the gradient take the place of the logits.

    Shape:
        As :func:`xent.binary_cross_entropy_with_logits`; the loss is in nats.

    Raises:
        TypeError: A setting of the wrong type; the call raises what
            :func:`xent.binary_cross_entropy_with_logits` raises.

    Example:
        >>> import torch, xent
        >>> criterion = xent.BCEWithLogitsLoss(pos_weight=torch.tensor([3.0]))
        >>> criterion(torch.tensor([[0.0]]), torch.tensor([[1.0]]))
        tensor(2.0794)

    References:
        See :func:`xent.binary_cross_entropy_with_logits`.
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
        *,
        neg_weight: Tensor | None = None,
        ignore_index: float | None = None,
        label_smoothing: float = 0.0,
        smoothing_prior: Tensor | None = None,
        neg_scale: float = 1.0,
        positive: Event = NLL,
        negative: Event = NLL,
        logits: LogitTransform | None = None,
        inplace_gradient: bool = False,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction, pos_weight)
        self.register_buffer("neg_weight", neg_weight)
        self.neg_weight: Tensor | None
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing
        self.register_buffer("smoothing_prior", smoothing_prior)
        self.smoothing_prior: Tensor | None
        self.neg_scale = neg_scale
        self.positive = positive
        self.negative = negative
        self.logits = _hold(logits)
        self.inplace_gradient = inplace_gradient

    def forward(
        self,
        input: Tensor,
        target: Tensor,
        *,
        sample_weight: Tensor | None = None,
        mask: Tensor | None = None,
        normalizer: Normalizer | None = None,
    ) -> Tensor:
        """Loss of a batch, in nats; see :func:`xent.binary_cross_entropy_with_logits`."""
        return functional.binary_cross_entropy_with_logits(
            input,
            target,
            weight=self.weight,
            reduction=self.reduction,
            pos_weight=self.pos_weight,
            neg_weight=self.neg_weight,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
            sample_weight=sample_weight,
            mask=mask,
            normalizer=normalizer,
            smoothing_prior=self.smoothing_prior,
            neg_scale=self.neg_scale,
            positive=self.positive,
            negative=self.negative,
            logits=_held(self.logits),
            inplace_gradient=self.inplace_gradient,
        )

    def extra_repr(self) -> str:
        """Settings that differ from torch's defaults."""
        return _describe(
            ignore_index=(self.ignore_index, None),
            label_smoothing=(self.label_smoothing, 0.0),
            neg_scale=(self.neg_scale, 1.0),
            positive=(self.positive, NLL),
            negative=(self.negative, NLL),
            inplace_gradient=(self.inplace_gradient, False),
        )


class KLDivLoss(torch.nn.KLDivLoss):
    r"""Pointwise Kullback-Leibler divergence. Drop-in for ``torch.nn.KLDivLoss``.

    The formula is that of :func:`xent.kl_div`; ``sample_weight``, ``mask`` and ``normalizer`` are given in the call.

    Args:
        size_average: Deprecated; see ``reduction``.
        reduce: Deprecated; see ``reduction``.
        reduction: "mean" (with torch's warning), "batchmean", "sum" or "none".
        log_target: Whether the target holds logarithms.

    Shape:
        As :func:`xent.kl_div`; the divergence is in nats.

    Raises:
        ValueError: The call raises what :func:`xent.kl_div` raises.

    Example:
        >>> import torch, xent
        >>> p, q = torch.tensor([[0.5, 0.5]]), torch.tensor([[0.75, 0.25]])
        >>> xent.KLDivLoss(reduction="batchmean")(q.log(), p)
        tensor(0.1438)

    References:
        Kullback & Leibler, 1951.
    """

    def forward(
        self,
        input: Tensor,
        target: Tensor,
        *,
        sample_weight: Tensor | None = None,
        mask: Tensor | None = None,
        normalizer: Normalizer | None = None,
    ) -> Tensor:
        """Divergence of a batch, in nats; see :func:`xent.kl_div`."""
        return functional.kl_div(
            input,
            target,
            reduction=self.reduction,
            log_target=self.log_target,
            sample_weight=sample_weight,
            mask=mask,
            normalizer=normalizer,
        )
