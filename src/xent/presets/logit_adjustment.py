"""The log-prior added to the logits in training, so that the plain logits are those of balanced classes."""

from typing import TYPE_CHECKING

from torch import Tensor
from typing_extensions import Unpack

from xent.core.check import number
from xent.core.logits import LogitTransform
from xent.functional import cross_entropy
from xent.imbalance import log_prior
from xent.nn import CrossEntropyLoss
from xent.presets.counts import described, like_counts, like_input, sizes
from xent.presets.settings import SoftmaxArguments, SoftmaxSettings, compose

if TYPE_CHECKING:
    from xent.imbalance import Counts

__all__ = ["BalancedSoftmaxLoss", "LogitAdjustedLoss", "balanced_softmax_loss", "logit_adjusted_loss"]


def balanced_softmax_loss(
    input: Tensor, target: Tensor, counts: "Counts", **settings: Unpack[SoftmaxArguments]
) -> Tensor:
    r"""Balanced softmax, :math:`-\log \frac{n_y e^{z_y}}{\sum_k n_k e^{z_k}}`.

    The offset is :math:`\log \pi_k = \log(n_k / n)`, where the paper writes :math:`\log n_k`: they differ by the
    constant log n, which the softmax does not see (of the settings, only ``z_loss`` does). It belongs to training:
    predict with the plain logits, and correct them by nothing else.

    The counts are read and checked in every call; :class:`xent.BalancedSoftmaxLoss` does so once.

    Args:
        input: Logits of shape (C,), (N, C) or (N, C, d1, ...).
        target: Class indices, or probabilities of the input's shape.
        counts: Training count n_k of every class, shape (C,), all above 0: a tensor, an array, a list or
            :class:`xent.imbalance.ClassCounts`.
        **settings: Of :func:`xent.cross_entropy`; ``logits`` without an ``offset``.

    Returns:
        The loss in nats, as :func:`xent.cross_entropy` returns it.

    Raises:
        ValueError: ``counts`` are not one row of finite numbers above 0, and what :func:`xent.cross_entropy` raises.
        TypeError: ``counts`` are no numbers; ``logits`` with an ``offset`` is given.

    Example:
        >>> import torch, xent
        >>> xent.balanced_softmax_loss(torch.zeros(1, 2), torch.tensor([1]), counts=[9, 1])
        tensor(2.3026)

    References:
        Ren et al., Balanced Meta-Softmax for Long-Tailed Visual Recognition, 2020.
    """
    name = "balanced_softmax_loss"
    own = LogitTransform(offset=like_input(name, log_prior(sizes(name, counts)), input))
    return cross_entropy(input, target, **compose(name, settings, logits=own))


class BalancedSoftmaxLoss(CrossEntropyLoss):
    r"""Balanced softmax, :math:`-\log \frac{n_y e^{z_y}}{\sum_k n_k e^{z_k}}`; see :func:`xent.balanced_softmax_loss`.

    Args:
        counts: Training count n_k of every class, shape (C,), all above 0: a tensor, an array, a list or
            :class:`xent.imbalance.ClassCounts`.
        **settings: Of :class:`xent.CrossEntropyLoss`; ``logits`` without an ``offset``.

    Shape:
        As :func:`xent.cross_entropy`; the loss is in nats.

    Raises:
        ValueError: ``counts`` are not one row of finite numbers above 0.
        TypeError: ``counts`` are no numbers; ``logits`` with an ``offset`` is given.

    Example:
        >>> import torch, xent
        >>> xent.BalancedSoftmaxLoss([9, 1])(torch.zeros(1, 2), torch.tensor([0]))
        tensor(0.1054)

    References:
        Ren et al., Balanced Meta-Softmax for Long-Tailed Visual Recognition, 2020.
    """

    def __init__(self, counts: "Counts", **settings: Unpack[SoftmaxSettings]) -> None:
        name = "BalancedSoftmaxLoss"
        own = LogitTransform(offset=like_counts(log_prior(sizes(name, counts)), counts))
        super().__init__(**compose(name, settings, logits=own))


def logit_adjusted_loss(
    input: Tensor, target: Tensor, counts: "Counts", tau: float = 1.0, **settings: Unpack[SoftmaxArguments]
) -> Tensor:
    r"""Logit-adjusted cross entropy, that of :math:`z_k + \tau \log \pi_k` with :math:`\pi_k = n_k / n`.

    At ``tau = 1`` it is :func:`xent.balanced_softmax_loss`. Counts or frequencies differ by a constant, tau*log n,
    that changes nothing. The offset belongs to training: predict with the plain logits. Instead of it one may train
    plainly and subtract tau*log pi from the logits when predicting; do one of the two, never both.

    The counts are read and checked in every call; :class:`xent.LogitAdjustedLoss` does so once.

    Args:
        input: Logits of shape (C,), (N, C) or (N, C, d1, ...).
        target: Class indices, or probabilities of the input's shape.
        counts: Training count n_k of every class, shape (C,), all above 0: a tensor, an array, a list or
            :class:`xent.imbalance.ClassCounts`.
        tau: At least 0; 0 is cross entropy.
        **settings: Of :func:`xent.cross_entropy`; ``logits`` without an ``offset``.

    Returns:
        The loss in nats, as :func:`xent.cross_entropy` returns it.

    Raises:
        ValueError: ``counts`` are not one row of finite numbers above 0, ``tau`` is below 0, and what
            :func:`xent.cross_entropy` raises.
        TypeError: ``counts`` or ``tau`` are no numbers; ``logits`` with an ``offset`` is given.

    Example:
        >>> import torch, xent
        >>> xent.logit_adjusted_loss(torch.zeros(1, 2), torch.tensor([0]), counts=[3, 1], tau=2.0)
        tensor(0.1054)

    References:
        Menon et al., Long-Tail Learning via Logit Adjustment, 2021.
    """
    name = "logit_adjusted_loss"
    own = LogitTransform(offset=like_input(name, _adjustment(name, counts, tau), input))
    return cross_entropy(input, target, **compose(name, settings, logits=own))


class LogitAdjustedLoss(CrossEntropyLoss):
    r"""Cross entropy of :math:`z_k + \tau \log \pi_k`; see :func:`xent.logit_adjusted_loss`.

    Args:
        counts: Training count n_k of every class, shape (C,), all above 0: a tensor, an array, a list or
            :class:`xent.imbalance.ClassCounts`.
        tau: At least 0; 0 is cross entropy.
        **settings: Of :class:`xent.CrossEntropyLoss`; ``logits`` without an ``offset``.

    Shape:
        As :func:`xent.cross_entropy`; the loss is in nats.

    Raises:
        ValueError: ``counts`` are not one row of finite numbers above 0, or ``tau`` is below 0.
        TypeError: ``counts`` or ``tau`` are no numbers; ``logits`` with an ``offset`` is given.

    Example:
        >>> import torch, xent
        >>> xent.LogitAdjustedLoss([3, 1], tau=2.0)(torch.zeros(1, 2), torch.tensor([1]))
        tensor(2.3026)

    References:
        Menon et al., Long-Tail Learning via Logit Adjustment, 2021.
    """

    def __init__(self, counts: "Counts", tau: float = 1.0, **settings: Unpack[SoftmaxSettings]) -> None:
        own = LogitTransform(offset=like_counts(_adjustment("LogitAdjustedLoss", counts, tau), counts))
        super().__init__(**compose("LogitAdjustedLoss", settings, logits=own))
        self.tau = tau

    def extra_repr(self) -> str:
        """Its tau, and settings that differ from torch's defaults."""
        return described(super().extra_repr(), tau=self.tau)


def _adjustment(name: str, counts: "Counts", tau: float) -> Tensor:
    return number(name, "tau", tau, least=0) * log_prior(sizes(name, counts))
