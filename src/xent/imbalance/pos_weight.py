"""The positive weight of binary cross entropy: as much of what is rare as of what is not."""

import math

import torch
from torch import Tensor

from xent.core.check import number
from xent.imbalance.record import ClassCounts, Counts
from xent.imbalance.sizes import Absent, class_sizes, result_dtype


def pos_weight(
    counts: Counts, total: int | Counts | None = None, *, cap: float | None = None, absent: Absent = "raise"
) -> Tensor:
    r"""Weight of each class's positives, negatives over positives, :math:`w_k = \frac{N_k - n_k}{n_k}`.

    With it the positives and the negatives of a class weigh the same in sum. It is not positives over negatives, which
    makes rare classes rarer still. To read calibrated probabilities off the trained model, see
    :func:`undo_pos_weight`.

    Args:
        counts: Positives n_k of every class: ClassCounts, or a tensor, an array or a list of shape (C,).
        total: Rows N that the positives were counted in, or N_k for each class, shape (C,). None for ClassCounts,
            which know it.
        cap: Weights above it are lowered to it: a class with a handful of positives otherwise gets steps a thousand
            times as large as the others. None for no cap.
        absent: What a class without positives, or without negatives, gets: "raise" refuses it, "one" counts one row of
            what is missing.

    Returns:
        Weights of shape (C,), without unit, on the device of ``counts``; in their dtype if that is floating
        point, else in torch's default dtype.

    Raises:
        TypeError: If ``counts`` or ``total`` are no real numbers, ``total`` is missing or given twice, or ``cap`` is no
            number.
        ValueError: If they are not finite and above 0, if ``total`` is below the counts, if a class has only positives
            while ``absent`` is "raise", or if ``cap`` is not above 0.

    Example:
        >>> from xent.imbalance import pos_weight
        >>> pos_weight([500, 10, 1], total=1000)
        tensor([  1.,  99., 999.])
        >>> pos_weight([500, 10, 1], total=1000, cap=100)
        tensor([  1.,  99., 100.])

    References:
        King & Zeng, Logistic Regression in Rare Events Data, 2001.
    """
    most = math.inf if cap is None else number("pos_weight", "cap", cap, above=0)
    positives = class_sizes("pos_weight", counts, absent)
    negatives = _negatives(counts, _total(counts, total), absent)
    return (negatives / positives).clamp(max=most).to(result_dtype(counts))


def _total(counts: Counts, total: int | Counts | None) -> Tensor:
    if isinstance(counts, ClassCounts):
        if total is not None:
            raise TypeError("pos_weight: `total` is known to ClassCounts. Leave it out, or pass counts.counts with it.")
        return counts.total.double()
    if total is None:
        raise TypeError(
            "pos_weight: `total` is missing: the number of rows that the positives were counted in. "
            "ClassCounts, from xent.imbalance.class_counts(rows, multi_label=True), know it."
        )
    if isinstance(total, ClassCounts):
        raise TypeError("pos_weight: `total` must be a number of rows, or one a class, not ClassCounts.")
    try:
        return torch.as_tensor(total).double()
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(
            f"pos_weight: `total` must be a number of rows, or one a class, not {type(total).__name__}."
        ) from error


def _negatives(counts: Counts, total: Tensor, absent: Absent) -> Tensor:
    given = torch.as_tensor(counts.counts if isinstance(counts, ClassCounts) else counts).detach().double()
    if total.shape not in ((), given.shape):
        raise ValueError(
            f"pos_weight: `total` must be one number or have shape {tuple(given.shape)}, got {tuple(total.shape)}."
        )
    negatives = total.to(given.device) - given
    wrong = torch.nonzero(~(torch.isfinite(negatives) & (negatives >= 0))).flatten().tolist()
    if wrong:
        raise ValueError(
            f"pos_weight: `total` must be finite and at least the count, got {total.expand_as(given)[wrong[0]]:g} rows "
            f"with {given[wrong[0]]:g} positives for class {wrong[0]}."
        )
    full = torch.nonzero(negatives == 0).flatten().tolist()
    if full and absent == "raise":
        raise ValueError(
            f"pos_weight: class {full[0]} has no negatives among its {given[full[0]]:g} rows: its weight would be 0 "
            'and its loss nothing at all. Leave the class out, or count one negative with absent="one".'
        )
    return negatives.where(negatives > 0, 1.0)
