"""Class weights: the rarer a class, the more a row of it counts.

All are scaled so that they average to 1 over the training rows: a summed loss keeps its size.
"""

import math

import torch
from torch import Tensor

from xent.core.check import number
from xent.imbalance.record import Counts
from xent.imbalance.sizes import AbsentWeight, class_sizes, result_dtype


def inverse_frequency(counts: Counts, power: float = 1.0, *, absent: AbsentWeight = "raise") -> Tensor:
    r"""Class weights by inverse frequency, :math:`w_k \propto n_k^{-power}`.

    Scaled so that the weights average to 1 over the training rows, :math:`\sum_k n_k w_k = n`. For a power of 1 they
    are :math:`\frac{n}{C\,n_k}`, scikit-learn's ``class_weight="balanced"``.

    Args:
        counts: Training count n_k of every class: ClassCounts, or a tensor, an array or a list of shape (C,).
        power: From 0 (equal weights) to 1 (every class counts the same in sum); above 1 the rarest class dominates.
        absent: What a class with count 0 gets: "raise" refuses it, "one" counts it as one row, "zero" gives it
            weight 0.

    Returns:
        Weights of shape (C,), without unit, on the device of ``counts``; in their dtype if that is floating
        point, else in torch's default dtype.

    Raises:
        TypeError: If ``counts`` are no real numbers, or ``power`` is no number.
        ValueError: If ``counts`` are not one row of finite numbers above 0 (or of 0, if ``absent`` takes it), or
            ``power`` is not finite and at least 0.

    Example:
        >>> from xent.imbalance import inverse_frequency
        >>> inverse_frequency([6, 3, 1])
        tensor([0.5556, 1.1111, 3.3333])
        >>> inverse_frequency([6, 3, 0], absent="zero")
        tensor([0.7500, 1.5000, 0.0000])

    References:
        King & Zeng, Logistic Regression in Rare Events Data, 2001.
    """
    if number("inverse_frequency", "power", power) < 0:
        raise ValueError(
            f"inverse_frequency: `power` must be at least 0, got {power}: a rare class would count less than a "
            f"frequent one. Pass {-power}."
        )
    return _inverse_power("inverse_frequency", counts, power, absent)


def inverse_sqrt(counts: Counts, *, absent: AbsentWeight = "raise") -> Tensor:
    r"""Class weights by the inverse square root of the frequency, :math:`w_k \propto 1/\sqrt{n_k}`.

    Half way, on the scale of logarithms, between equal weights and :func:`inverse_frequency`, with power .5 of which it
    agrees; scaled like it.

    Args:
        counts: Training count n_k of every class: ClassCounts, or a tensor, an array or a list of shape (C,).
        absent: What a class with count 0 gets: "raise" refuses it, "one" counts it as one row, "zero" gives it
            weight 0.

    Returns:
        Weights of shape (C,), without unit, on the device of ``counts``; in their dtype if that is floating
        point, else in torch's default dtype.

    Raises:
        TypeError: If ``counts`` are no real numbers.
        ValueError: If ``counts`` are not one row of finite numbers above 0 (or of 0, if ``absent`` takes it).

    Example:
        >>> from xent.imbalance import inverse_sqrt
        >>> inverse_sqrt([16, 4, 1])
        tensor([0.7500, 1.5000, 3.0000])

    References:
        King & Zeng, Logistic Regression in Rare Events Data, 2001, for weights by frequency.
    """
    return _inverse_power("inverse_sqrt", counts, 0.5, absent)


def effective_number(counts: Counts, beta: float = 0.999, *, absent: AbsentWeight = "raise") -> Tensor:
    r"""Class weights by the effective number of samples, :math:`w_k \propto \frac{1-\beta}{1-\beta^{n_k}}`.

    Known as class-balanced weights. From equal weights at ``beta = 0`` to inverse frequency as ``beta``
    approaches 1; classes with many more rows than 1/(1-beta) are not told apart. Scaled like
    :func:`inverse_frequency`; the paper scales to :math:`\sum_k w_k = C`, which differs by a common factor
    that the weighted mean divides out.

    Args:
        counts: Training count n_k of every class: ClassCounts, or a tensor, an array or a list of shape (C,).
        beta: In [0, 1). The paper uses .9 to .9999.
        absent: What a class with count 0 gets: "raise" refuses it, "one" counts it as one row, "zero" gives it
            weight 0.

    Returns:
        Weights of shape (C,), without unit, on the device of ``counts``; in their dtype if that is floating
        point, else in torch's default dtype.

    Raises:
        TypeError: If ``counts`` are no real numbers, or ``beta`` is no number.
        ValueError: If ``counts`` are not one row of finite numbers above 0 (or of 0, if ``absent`` takes it), or
            ``beta`` lies outside [0, 1).

    Example:
        >>> from xent.imbalance import effective_number
        >>> effective_number([6, 3, 1], beta=0.9)
        tensor([0.6300, 1.0893, 2.9520])

    References:
        Cui et al., Class-Balanced Loss Based on Effective Number of Samples, 2019.
    """
    if not 0 <= number("effective_number", "beta", beta) < 1:
        raise ValueError(
            f"effective_number: `beta` must be in [0, 1), got {beta}. Its limit at 1 is inverse_frequency(counts)."
        )
    n = class_sizes("effective_number", counts, absent, may_be_zero=True)
    # 1 - beta^n through expm1, which keeps its digits where beta is close to 1.
    effective = -torch.expm1(n * (math.log(beta) if beta > 0 else -math.inf))
    return _row_average_one(1.0 / effective, n).to(result_dtype(counts))


def _inverse_power(function: str, counts: Counts, power: float, absent: AbsentWeight) -> Tensor:
    n = class_sizes(function, counts, absent, may_be_zero=True)
    # As a ratio to the smallest class, so that no power of a large count overflows.
    return _row_average_one((n / n[n > 0].min()) ** -power, n).to(result_dtype(counts))


def _row_average_one(weight: Tensor, n: Tensor) -> Tensor:
    """The weights on their scale, and 0 where there are no rows."""
    weight = weight.where(n > 0, 0.0)
    return weight * (n.sum() / (n * weight).sum())
