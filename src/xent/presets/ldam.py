"""Label-distribution-aware margins: the rarer the class, the further its rows must be from the boundary."""

from typing import TYPE_CHECKING

from torch import Tensor
from typing_extensions import Unpack

from xent.core.check import number
from xent.core.logits import LogitTransform
from xent.functional import cross_entropy
from xent.imbalance import inverse_frequency
from xent.nn import CrossEntropyLoss
from xent.presets.counts import described, like_counts, like_input, sizes
from xent.presets.settings import SoftmaxArguments, SoftmaxSettings, compose

if TYPE_CHECKING:
    from xent.imbalance import Counts

__all__ = ["LDAMLoss", "ldam_loss"]


def ldam_loss(
    input: Tensor,
    target: Tensor,
    counts: "Counts",
    max_margin: float = 0.5,
    scale: float = 30.0,
    **settings: Unpack[SoftmaxArguments],
) -> Tensor:
    r"""LDAM loss: cross entropy of :math:`scale\,(z_k - [k = y]\,m_y)` with margins :math:`m_k \propto n_k^{-1/4}`.

    The logits must be cosines in [-1, 1], as :class:`xent.NormalizedLinear` gives them. A head that is not normalised
    grows until the margin is nothing beside its logits, and a scale of 30 then saturates it from the first step.

    The counts are read and checked in every call; :class:`xent.LDAMLoss` does so once.

    Args:
        input: Cosines of shape (C,), (N, C) or (N, C, d1, ...).
        target: Class indices; a margin belongs to one label, so that probabilities are refused.
        counts: Training count n_k of every class, shape (C,), all above 0: a tensor, an array, a list or
            :class:`xent.imbalance.ClassCounts`.
        max_margin: The margin of the rarest class, in units of the cosine; at least 0.
        scale: Factor of cosine and margin, above 0: the inverse temperature of the softmax.
        **settings: Of :func:`xent.cross_entropy`; ``logits`` without ``scale`` and ``margin``.

    Returns:
        The loss in nats, as :func:`xent.cross_entropy` returns it.

    Raises:
        ValueError: ``counts`` are not one row of finite numbers above 0, ``max_margin`` or ``scale`` lies outside its
            domain, ``target`` holds probabilities, and what :func:`xent.cross_entropy` raises.
        TypeError: ``counts``, ``max_margin`` or ``scale`` are no numbers; ``logits`` with ``scale`` or ``margin``
            is given.

    Example:
        >>> import torch, xent
        >>> cosines, label = torch.tensor([[0.5, 0.0]]), torch.tensor([0])
        >>> xent.ldam_loss(cosines, label, counts=[16, 1], scale=4.0)
        tensor(0.3133)

    References:
        Cao et al., Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss, 2019.
    """
    name = "ldam_loss"
    margin = like_input(name, _scaled_margins(name, counts, max_margin, scale), input)
    own = LogitTransform(scale=scale, margin=margin)
    return cross_entropy(input, target, **compose(name, settings, logits=own))


class LDAMLoss(CrossEntropyLoss):
    r"""LDAM loss, cross entropy of :math:`scale\,(z_k - [k = y]\,m_y)`; see :func:`xent.ldam_loss`.

    The head must be normalised: :class:`xent.NormalizedLinear`. The paper trains plainly first and with class-balanced
    weights later: wrap the loss in :class:`xent.DeferredReweighting`.

    Args:
        counts: Training count n_k of every class, shape (C,), all above 0: a tensor, an array, a list or
            :class:`xent.imbalance.ClassCounts`.
        max_margin: The margin of the rarest class, in units of the cosine; at least 0.
        scale: Factor of cosine and margin, above 0.
        **settings: Of :class:`xent.CrossEntropyLoss`; ``logits`` without ``scale`` and ``margin``.

    Shape:
        As :func:`xent.cross_entropy`, class indices only; the loss is in nats.

    Raises:
        ValueError: ``counts`` are not one row of finite numbers above 0, or ``max_margin`` or ``scale`` lies outside
            its domain.
        TypeError: ``counts``, ``max_margin`` or ``scale`` are no numbers; ``logits`` with ``scale`` or ``margin``
            is given.

    Example:
        >>> import torch, xent
        >>> criterion = xent.LDAMLoss([16, 1])
        >>> criterion(torch.tensor([[0.25, 0.0]]), torch.tensor([0]))
        tensor(0.6931)

    References:
        Cao et al., Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss, 2019.
    """

    def __init__(
        self, counts: "Counts", max_margin: float = 0.5, scale: float = 30.0, **settings: Unpack[SoftmaxSettings]
    ) -> None:
        margin = like_counts(_scaled_margins("LDAMLoss", counts, max_margin, scale), counts)
        super().__init__(**compose("LDAMLoss", settings, logits=LogitTransform(scale=scale, margin=margin)))
        self.max_margin = max_margin

    def extra_repr(self) -> str:
        """Its largest margin, and settings that differ from torch's defaults."""
        return described(super().extra_repr(), max_margin=self.max_margin)


def _scaled_margins(name: str, counts: "Counts", max_margin: float, scale: float) -> Tensor:
    """Margins scale * m_k in float64: the core subtracts the margin from the scaled logit."""
    fourth_root: Tensor = inverse_frequency(sizes(name, counts)) ** 0.25
    largest = number(name, "max_margin", max_margin, least=0) * number(name, "scale", scale, above=0)
    return fourth_root * (largest / fourth_root.max())
