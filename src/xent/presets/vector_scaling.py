"""A factor for the logits of every class: those of rare classes are made smaller in training, and so grow larger."""

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

__all__ = [
    "ClassDependentTemperatureLoss",
    "VectorScalingLoss",
    "class_dependent_temperature_loss",
    "vector_scaling_loss",
]


def class_dependent_temperature_loss(
    input: Tensor, target: Tensor, counts: "Counts", gamma: float = 0.3, **settings: Unpack[SoftmaxArguments]
) -> Tensor:
    r"""Cross entropy of the logits :math:`(n_k / n_{max})^\gamma z_k`: a temperature for every class (CDT).

    The factors belong to training: predict with the plain logits. A constant added to the logits changes the loss.

    The counts are read and checked in every call; :class:`xent.ClassDependentTemperatureLoss` does so once.

    Args:
        input: Logits of shape (C,), (N, C) or (N, C, d1, ...).
        target: Class indices, or probabilities of the input's shape.
        counts: Training count n_k of every class, shape (C,), all above 0: a tensor, an array, a list or
            :class:`xent.imbalance.ClassCounts`.
        gamma: At least 0; 0 is cross entropy.
        **settings: Of :func:`xent.cross_entropy`; ``logits`` without a ``scale``.

    Returns:
        The loss in nats, as :func:`xent.cross_entropy` returns it.

    Raises:
        ValueError: ``counts`` are not one row of finite numbers above 0, ``gamma`` is below 0, and what
            :func:`xent.cross_entropy` raises.
        TypeError: ``counts`` or ``gamma`` are no numbers; ``logits`` with a ``scale`` is given.

    Example:
        >>> import torch, xent
        >>> logits, label = torch.tensor([[0.0, 2.0]]), torch.tensor([1])
        >>> xent.class_dependent_temperature_loss(logits, label, counts=[4, 1], gamma=0.5)
        tensor(0.3133)

    References:
        Ye et al., Identifying and Compensating for Feature Deviation in Imbalanced Deep Learning, 2020.
    """
    name = "class_dependent_temperature_loss"
    own = LogitTransform(scale=like_input(name, _factors(name, counts, gamma), input))
    return cross_entropy(input, target, **compose(name, settings, logits=own))


class ClassDependentTemperatureLoss(CrossEntropyLoss):
    r"""Cross entropy of :math:`(n_k / n_{max})^\gamma z_k`; see :func:`xent.class_dependent_temperature_loss`.

    Args:
        counts: Training count n_k of every class, shape (C,), all above 0: a tensor, an array, a list or
            :class:`xent.imbalance.ClassCounts`.
        gamma: At least 0; 0 is cross entropy.
        **settings: Of :class:`xent.CrossEntropyLoss`; ``logits`` without a ``scale``.

    Shape:
        As :func:`xent.cross_entropy`; the loss is in nats.

    Raises:
        ValueError: ``counts`` are not one row of finite numbers above 0, or ``gamma`` is below 0.
        TypeError: ``counts`` or ``gamma`` are no numbers; ``logits`` with a ``scale`` is given.

    Example:
        >>> import torch, xent
        >>> xent.ClassDependentTemperatureLoss([4, 1], gamma=0.5)(torch.tensor([[0.0, 2.0]]), torch.tensor([0]))
        tensor(1.3133)

    References:
        Ye et al., Identifying and Compensating for Feature Deviation in Imbalanced Deep Learning, 2020.
    """

    def __init__(self, counts: "Counts", gamma: float = 0.3, **settings: Unpack[SoftmaxSettings]) -> None:
        name = "ClassDependentTemperatureLoss"
        own = LogitTransform(scale=like_counts(_factors(name, counts, gamma), counts))
        super().__init__(**compose(name, settings, logits=own))
        self.gamma = gamma

    def extra_repr(self) -> str:
        """Its gamma, and settings that differ from torch's defaults."""
        return described(super().extra_repr(), gamma=self.gamma)


def vector_scaling_loss(
    input: Tensor,
    target: Tensor,
    counts: "Counts",
    gamma: float = 0.1,
    tau: float = 1.0,
    **settings: Unpack[SoftmaxArguments],
) -> Tensor:
    r"""Vector-scaling loss, cross entropy of :math:`(n_k / n_{max})^\gamma z_k + \tau \log \pi_k`.

    Here :math:`\pi_k = n_k / n`. Without the offset it is :func:`xent.class_dependent_temperature_loss`, without the
    factors :func:`xent.logit_adjusted_loss`. Both belong to training: predict with the plain logits. A constant added
    to the logits changes the loss.

    The counts are read and checked in every call; :class:`xent.VectorScalingLoss` does so once.

    Args:
        input: Logits of shape (C,), (N, C) or (N, C, d1, ...).
        target: Class indices, or probabilities of the input's shape.
        counts: Training count n_k of every class, shape (C,), all above 0: a tensor, an array, a list or
            :class:`xent.imbalance.ClassCounts`.
        gamma: Of the factors; at least 0, where 0 leaves them out. Beside an offset a little is enough: both raise the
            rare classes.
        tau: Of the offset; at least 0, where 0 leaves it out.
        **settings: Of :func:`xent.cross_entropy`; ``logits`` without ``scale`` and ``offset``.

    Returns:
        The loss in nats, as :func:`xent.cross_entropy` returns it.

    Raises:
        ValueError: ``counts`` are not one row of finite numbers above 0, ``gamma`` or ``tau`` is below 0, and what
            :func:`xent.cross_entropy` raises.
        TypeError: ``counts``, ``gamma`` or ``tau`` are no numbers; ``logits`` with ``scale`` or ``offset`` is given.

    Example:
        >>> import torch, xent
        >>> logits, label = torch.tensor([[0.0, 2.0]]), torch.tensor([1])
        >>> xent.vector_scaling_loss(logits, label, counts=[4, 1], gamma=0.5)
        tensor(0.9048)

    References:
        Kini et al., Label-Imbalanced and Group-Sensitive Classification under Overparameterization, 2021.
    """
    name = "vector_scaling_loss"
    scale = like_input(name, _factors(name, counts, gamma), input)
    offset = like_input(name, _adjustment(name, counts, tau), input)
    own = LogitTransform(scale=scale, offset=offset)
    return cross_entropy(input, target, **compose(name, settings, logits=own))


class VectorScalingLoss(CrossEntropyLoss):
    r"""Cross entropy of :math:`(n_k / n_{max})^\gamma z_k + \tau \log \pi_k`; see :func:`xent.vector_scaling_loss`.

    Args:
        counts: Training count n_k of every class, shape (C,), all above 0: a tensor, an array, a list or
            :class:`xent.imbalance.ClassCounts`.
        gamma: Of the factors; at least 0, where 0 leaves them out.
        tau: Of the offset; at least 0, where 0 leaves it out.
        **settings: Of :class:`xent.CrossEntropyLoss`; ``logits`` without ``scale`` and ``offset``.

    Shape:
        As :func:`xent.cross_entropy`; the loss is in nats.

    Raises:
        ValueError: ``counts`` are not one row of finite numbers above 0, or ``gamma`` or ``tau`` is below 0.
        TypeError: ``counts``, ``gamma`` or ``tau`` are no numbers; ``logits`` with ``scale`` or ``offset`` is given.

    Example:
        >>> import torch, xent
        >>> xent.VectorScalingLoss([4, 1], gamma=0.5)(torch.tensor([[0.0, 2.0]]), torch.tensor([0]))
        tensor(0.5185)

    References:
        Kini et al., Label-Imbalanced and Group-Sensitive Classification under Overparameterization, 2021.
    """

    def __init__(
        self, counts: "Counts", gamma: float = 0.1, tau: float = 1.0, **settings: Unpack[SoftmaxSettings]
    ) -> None:
        name = "VectorScalingLoss"
        scale = like_counts(_factors(name, counts, gamma), counts)
        offset = like_counts(_adjustment(name, counts, tau), counts)
        super().__init__(**compose(name, settings, logits=LogitTransform(scale=scale, offset=offset)))
        self.gamma = gamma
        self.tau = tau

    def extra_repr(self) -> str:
        """Its gamma and tau, and settings that differ from torch's defaults."""
        return described(super().extra_repr(), gamma=self.gamma, tau=self.tau)


def _factors(name: str, counts: "Counts", gamma: float) -> Tensor:
    """(n_k / n_max)^gamma in float64."""
    frequency = log_prior(sizes(name, counts)).exp()
    ratio: Tensor = (frequency / frequency.max()) ** number(name, "gamma", gamma, least=0)
    return ratio


def _adjustment(name: str, counts: "Counts", tau: float) -> Tensor:
    """The offset tau * log pi in float64."""
    return number(name, "tau", tau, least=0) * log_prior(sizes(name, counts))
