"""Binary cross entropy whose positives are weighed by their rarity in training."""

from typing import TYPE_CHECKING

from torch import Tensor
from typing_extensions import Unpack

from xent.functional import binary_cross_entropy_with_logits
from xent.imbalance import pos_weight
from xent.nn import BCEWithLogitsLoss
from xent.presets.counts import like_counts, like_input
from xent.presets.elements import exact_counts
from xent.presets.settings import SigmoidArguments, SigmoidSettings, compose

if TYPE_CHECKING:
    from xent.imbalance import Counts

__all__ = ["PosWeightedLoss", "pos_weighted_loss"]


def pos_weighted_loss(
    input: Tensor,
    target: Tensor,
    counts: "Counts",
    total: "int | Counts | None" = None,
    cap: float | None = None,
    **settings: Unpack[SigmoidArguments],
) -> Tensor:
    r"""Binary cross entropy with positives weighted by negatives over positives, :math:`w_k = \frac{N - n_k}{n_k}`.

    .. math::
        -w_k\, y_k \log p_k - (1-y_k) \log(1-p_k)

    In sum, the positives and the negatives of a class weigh the same. Its probabilities are those of classes that come
    half of the time; :func:`xent.imbalance.undo_pos_weight` makes them those of the data again. Much of what it gains
    at threshold .5 is such a shift.

    The counts are read and checked in every call; :class:`xent.PosWeightedLoss` does so once.

    Args:
        input: Logits of shape (N, C), or with any leading axes; the class axis is the last.
        target: y of the input's shape, floating point.
        counts: Training rows n_k with each label, shape (C,): a tensor, an array, a list or
            :class:`xent.imbalance.ClassCounts`.
        total: Training rows N, above every count, or one number a class; None for ClassCounts, which know it.
        cap: Weights above it are lowered to it. None for no cap.
        **settings: Of :func:`xent.binary_cross_entropy_with_logits`, but for ``pos_weight``.

    Returns:
        The loss in nats, as :func:`xent.binary_cross_entropy_with_logits` returns it.

    Raises:
        ValueError: Counts, a total or a cap that :func:`xent.imbalance.pos_weight` refuses, and what
            :func:`xent.binary_cross_entropy_with_logits` raises.
        TypeError: ``counts``, ``total`` or ``cap`` are no numbers; ``pos_weight`` is given.

    Example:
        >>> import torch, xent
        >>> xent.pos_weighted_loss(torch.zeros(1, 2), torch.ones(1, 2), counts=[50, 25], total=100)
        tensor(1.3863)

    References:
        King & Zeng, Logistic Regression in Rare Events Data, 2001.
    """
    name = "pos_weighted_loss"
    weight = like_input(name, pos_weight(*exact_counts(counts, total), cap=cap), input)
    return binary_cross_entropy_with_logits(input, target, **compose(name, settings, pos_weight=weight))


class PosWeightedLoss(BCEWithLogitsLoss):
    r"""Binary cross entropy with positives weighted by their rarity; see :func:`xent.pos_weighted_loss`.

    Args:
        counts: Training rows n_k with each label, shape (C,): a tensor, an array, a list or
            :class:`xent.imbalance.ClassCounts`.
        total: Training rows N, above every count, or one number a class; None for ClassCounts, which know it.
        cap: Weights above it are lowered to it. None for no cap.
        **settings: Of :class:`xent.BCEWithLogitsLoss`, but for ``pos_weight``.

    Shape:
        As :func:`xent.pos_weighted_loss`; the loss is in nats.

    Raises:
        ValueError: Counts, a total or a cap that :func:`xent.imbalance.pos_weight` refuses.
        TypeError: ``counts``, ``total`` or ``cap`` are no numbers; ``pos_weight`` is given.

    Example:
        >>> import torch, xent
        >>> criterion = xent.PosWeightedLoss([50, 25], total=100, cap=2.0)
        >>> criterion(torch.zeros(1, 2), torch.ones(1, 2))
        tensor(1.0397)

    References:
        King & Zeng, Logistic Regression in Rare Events Data, 2001.
    """

    def __init__(
        self,
        counts: "Counts",
        total: "int | Counts | None" = None,
        cap: float | None = None,
        **settings: Unpack[SigmoidSettings],
    ) -> None:
        weight = like_counts(pos_weight(*exact_counts(counts, total), cap=cap), counts)
        super().__init__(**compose("PosWeightedLoss", settings, pos_weight=weight))
