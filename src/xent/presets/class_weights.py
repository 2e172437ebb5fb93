"""Class weights from training counts: rare classes count more."""

from typing import TYPE_CHECKING

from torch import Tensor
from typing_extensions import Unpack

from xent.core.check import number
from xent.functional import cross_entropy
from xent.imbalance import effective_number, inverse_frequency
from xent.nn import CrossEntropyLoss
from xent.presets.counts import described, like_counts, like_input, sizes
from xent.presets.settings import SoftmaxArguments, SoftmaxSettings, compose

if TYPE_CHECKING:
    from xent.imbalance import Counts

__all__ = ["ClassBalancedLoss", "InverseFrequencyLoss", "class_balanced_loss", "inverse_frequency_loss"]


def inverse_frequency_loss(
    input: Tensor, target: Tensor, counts: "Counts", power: float = 1.0, **settings: Unpack[SoftmaxArguments]
) -> Tensor:
    r"""Cross entropy with class weights :math:`w_k \propto n_k^{-power}`.

    The weights average to 1 over the training rows. The mean divides by the weights of the batch's labels, so that
    only their ratios matter to it; "sum" and "none" keep the size of plain cross entropy.

    The counts are read and checked in every call; :class:`xent.InverseFrequencyLoss` does so once.

    Args:
        input: Logits of shape (C,), (N, C) or (N, C, d1, ...).
        target: Class indices, or probabilities of the input's shape.
        counts: Training count n_k of every class, shape (C,), all above 0: a tensor, an array, a list or
            :class:`xent.imbalance.ClassCounts`.
        power: At least 0: 1 for inverse frequency, .5 for its square root, 0 for cross entropy.
        **settings: Of :func:`xent.cross_entropy`, but for ``weight``.

    Returns:
        The loss in nats, as :func:`xent.cross_entropy` returns it.

    Raises:
        ValueError: ``counts`` are not one row of finite numbers above 0, ``power`` is below 0, and what
            :func:`xent.cross_entropy` raises.
        TypeError: ``counts`` or ``power`` are no numbers; ``weight`` is given.

    Example:
        >>> import torch, xent
        >>> logits, labels = torch.tensor([[1.0, 0.0], [1.0, 0.0]]), torch.tensor([0, 1])
        >>> xent.inverse_frequency_loss(logits, labels, counts=[90, 10])
        tensor(1.2133)

    References:
        King & Zeng, Logistic Regression in Rare Events Data, 2001.
    """
    weight = like_input("inverse_frequency_loss", _inverse_power("inverse_frequency_loss", counts, power), input)
    return cross_entropy(input, target, **compose("inverse_frequency_loss", settings, weight=weight))


class InverseFrequencyLoss(CrossEntropyLoss):
    r"""Cross entropy with class weights :math:`w_k \propto n_k^{-power}`; see :func:`xent.inverse_frequency_loss`.

    Args:
        counts: Training count n_k of every class, shape (C,), all above 0: a tensor, an array, a list or
            :class:`xent.imbalance.ClassCounts`.
        power: At least 0: 1 for inverse frequency, .5 for its square root, 0 for cross entropy.
        **settings: Of :class:`xent.CrossEntropyLoss`, but for ``weight``.

    Shape:
        As :func:`xent.cross_entropy`; the loss is in nats.

    Raises:
        ValueError: ``counts`` are not one row of finite numbers above 0, or ``power`` is below 0.
        TypeError: ``counts`` or ``power`` are no numbers; ``weight`` is given.

    Example:
        >>> import torch, xent
        >>> criterion = xent.InverseFrequencyLoss([90, 10], power=0.5)
        >>> criterion(torch.tensor([[1.0, 0.0], [1.0, 0.0]]), torch.tensor([0, 1]))
        tensor(1.0633)

    References:
        King & Zeng, Logistic Regression in Rare Events Data, 2001.
    """

    def __init__(self, counts: "Counts", power: float = 1.0, **settings: Unpack[SoftmaxSettings]) -> None:
        weight = like_counts(_inverse_power("InverseFrequencyLoss", counts, power), counts)
        super().__init__(**compose("InverseFrequencyLoss", settings, weight=weight))
        self.power = power

    def extra_repr(self) -> str:
        """Its power, and settings that differ from torch's defaults."""
        return described(super().extra_repr(), power=self.power)


def class_balanced_loss(
    input: Tensor, target: Tensor, counts: "Counts", beta: float = 0.999, **settings: Unpack[SoftmaxArguments]
) -> Tensor:
    r"""Cross entropy with class weights :math:`w_k \propto \frac{1-\beta}{1-\beta^{n_k}}`, by the effective number.

    From equal weights at ``beta = 0`` to inverse frequency as ``beta`` approaches 1: classes with many more rows than
    1/(1-beta) are not told apart, so that a small beta does nothing. The weights average to 1 over the training rows;
    the paper has them sum to C, which only "sum" and "none" can tell.

    The counts are read and checked in every call; :class:`xent.ClassBalancedLoss` does so once.

    Args:
        input: Logits of shape (C,), (N, C) or (N, C, d1, ...).
        target: Class indices, or probabilities of the input's shape.
        counts: Training count n_k of every class, shape (C,), all above 0: a tensor, an array, a list or
            :class:`xent.imbalance.ClassCounts`.
        beta: In [0, 1). The paper uses .9 to .9999.
        **settings: Of :func:`xent.cross_entropy`, but for ``weight``.

    Returns:
        The loss in nats, as :func:`xent.cross_entropy` returns it.

    Raises:
        ValueError: ``counts`` are not one row of finite numbers above 0, ``beta`` lies outside [0, 1), and what
            :func:`xent.cross_entropy` raises.
        TypeError: ``counts`` or ``beta`` are no numbers; ``weight`` is given.

    Example:
        >>> import torch, xent
        >>> logits, labels = torch.tensor([[1.0, 0.0], [1.0, 0.0]]), torch.tensor([0, 1])
        >>> xent.class_balanced_loss(logits, labels, counts=[90, 10], beta=0.9)
        tensor(0.9188)

    References:
        Cui et al., Class-Balanced Loss Based on Effective Number of Samples, 2019.
    """
    weight = like_input("class_balanced_loss", effective_number(sizes("class_balanced_loss", counts), beta), input)
    return cross_entropy(input, target, **compose("class_balanced_loss", settings, weight=weight))


class ClassBalancedLoss(CrossEntropyLoss):
    r"""Cross entropy with weights by the effective number of samples; see :func:`xent.class_balanced_loss`.

    Args:
        counts: Training count n_k of every class, shape (C,), all above 0: a tensor, an array, a list or
            :class:`xent.imbalance.ClassCounts`.
        beta: In [0, 1). The paper uses .9 to .9999.
        **settings: Of :class:`xent.CrossEntropyLoss`, but for ``weight``.

    Shape:
        As :func:`xent.cross_entropy`; the loss is in nats.

    Raises:
        ValueError: ``counts`` are not one row of finite numbers above 0, or ``beta`` lies outside [0, 1).
        TypeError: ``counts`` or ``beta`` are no numbers; ``weight`` is given.

    Example:
        >>> import torch, xent
        >>> criterion = xent.ClassBalancedLoss([90, 10])
        >>> criterion(torch.tensor([[1.0, 0.0], [1.0, 0.0]]), torch.tensor([0, 1]))
        tensor(1.2096)

    References:
        Cui et al., Class-Balanced Loss Based on Effective Number of Samples, 2019.
    """

    def __init__(self, counts: "Counts", beta: float = 0.999, **settings: Unpack[SoftmaxSettings]) -> None:
        name = "ClassBalancedLoss"
        weight = like_counts(effective_number(sizes(name, counts), beta), counts)
        super().__init__(**compose(name, settings, weight=weight))
        self.beta = beta

    def extra_repr(self) -> str:
        """Its beta, and settings that differ from torch's defaults."""
        return described(super().extra_repr(), beta=self.beta)


def _inverse_power(name: str, counts: "Counts", power: float) -> Tensor:
    """The weights in float64."""
    return inverse_frequency(sizes(name, counts), number(name, "power", power, least=0))
