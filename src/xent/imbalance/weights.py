"""Class counts -> the weights and offsets that correct for them.

A class that is absent from the counts has no finite weight and no finite log-prior. All three functions
refuse it, because the infinity would stay silent until that class first meets the loss.
"""

import math
from typing import TYPE_CHECKING, TypeAlias

import torch
from torch import Tensor

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    Counts: TypeAlias = Tensor | ArrayLike

__all__ = ["effective_number", "inverse_frequency", "log_prior"]


def inverse_frequency(counts: "Counts") -> Tensor:
    r"""Class weights by inverse frequency, :math:`w_k = \frac{n}{C\,n_k}`.

    Scaled so that the weights average to 1 over the training rows, :math:`\sum_k n_k w_k = n`: a summed loss
    keeps its size. These are scikit-learn's ``class_weight="balanced"``.

    Args:
        counts: Training count n_k of every class, shape (C,), all above 0; a tensor, an array or a list.

    Returns:
        Weights of shape (C,), without unit, on the device of ``counts``; in their dtype if that is floating
        point, else in torch's default dtype.

    Raises:
        TypeError: If ``counts`` are no real numbers.
        ValueError: If ``counts`` are not one row of finite numbers above 0.

    Example:
        >>> from xent.imbalance import inverse_frequency
        >>> inverse_frequency([6, 3, 1])
        tensor([0.5556, 1.1111, 3.3333])

    References:
        King & Zeng, Logistic Regression in Rare Events Data, 2001.
    """
    n = _checked("inverse_frequency", counts)
    return _row_average_one(1.0 / n, n).to(_result_dtype(counts))


def effective_number(counts: "Counts", beta: float = 0.999) -> Tensor:
    r"""Class weights by the effective number of samples, :math:`w_k \propto \frac{1-\beta}{1-\beta^{n_k}}`.

    Known as class-balanced weights. From equal weights at ``beta = 0`` to inverse frequency as ``beta``
    approaches 1; classes with many more rows than 1/(1-beta) are not told apart. Scaled like
    :func:`inverse_frequency`; the paper scales to :math:`\sum_k w_k = C`, which differs by a common factor
    that the weighted mean divides out.

    Args:
        counts: Training count n_k of every class, shape (C,), all above 0; a tensor, an array or a list.
        beta: In [0, 1). The paper uses .9 to .9999.

    Returns:
        Weights of shape (C,), without unit, on the device of ``counts``; in their dtype if that is floating
        point, else in torch's default dtype.

    Raises:
        TypeError: If ``counts`` are no real numbers.
        ValueError: If ``counts`` are not one row of finite numbers above 0, or ``beta`` lies outside [0, 1).

    Example:
        >>> from xent.imbalance import effective_number
        >>> effective_number([6, 3, 1], beta=0.9)
        tensor([0.6300, 1.0893, 2.9520])

    References:
        Cui et al., Class-Balanced Loss Based on Effective Number of Samples, 2019.
    """
    if isinstance(beta, bool) or not isinstance(beta, (int, float)):
        raise TypeError(f"effective_number: `beta` must be a number, not {type(beta).__name__}.")
    if not 0 <= beta < 1:
        raise ValueError(
            f"effective_number: `beta` must be in [0, 1), got {beta}. Its limit at 1 is inverse_frequency(counts)."
        )
    n = _checked("effective_number", counts)
    # 1 - beta^n through expm1, which keeps its digits where beta is close to 1.
    effective = -torch.expm1(n * (math.log(beta) if beta > 0 else -math.inf))
    return _row_average_one(1.0 / effective, n).to(_result_dtype(counts))


def log_prior(counts: "Counts") -> Tensor:
    r"""Logarithm of the class frequencies, :math:`\log \pi_k = \log \frac{n_k}{n}`.

    Added to the logits in training it gives balanced softmax; subtracted from the logits of a plainly trained
    model it gives the same correction afterwards. Do one of the two, never both.

    Args:
        counts: Training count n_k of every class, shape (C,), all above 0; a tensor, an array or a list.

    Returns:
        Log-probabilities of shape (C,), in nats, on the device of ``counts``; in their dtype if that is
        floating point, else in torch's default dtype.

    Raises:
        TypeError: If ``counts`` are no real numbers.
        ValueError: If ``counts`` are not one row of finite numbers above 0.

    Example:
        >>> from xent.imbalance import log_prior
        >>> log_prior([6, 3, 1])
        tensor([-0.5108, -1.2040, -2.3026])

    References:
        Ren et al., Balanced Meta-Softmax for Long-Tailed Visual Recognition, 2020.
        Menon et al., Long-Tail Learning via Logit Adjustment, 2021.
    """
    n = _checked("log_prior", counts)
    return (n / n.sum()).log().to(_result_dtype(counts))


def _row_average_one(weight: Tensor, n: Tensor) -> Tensor:
    return weight * (n.sum() / (n * weight).sum())


def _result_dtype(counts: "Counts") -> torch.dtype:
    dtype = torch.as_tensor(counts).dtype
    return dtype if dtype.is_floating_point else torch.get_default_dtype()


def _checked(function: str, counts: "Counts") -> Tensor:
    """The counts in float64, so that a rounding to float32 happens once, at the end."""
    try:
        n = torch.as_tensor(counts).detach()
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(
            f"{function}: `counts` must be a tensor, an array or a sequence of numbers, got {type(counts).__name__}."
        ) from error
    if n.dtype == torch.bool or n.is_complex():
        raise TypeError(f"{function}: `counts` must be real numbers, got {n.dtype}.")
    if n.ndim != 1 or n.numel() == 0:
        raise ValueError(
            f"{function}: `counts` must have shape (C,), one count a class, got {tuple(n.shape)}. "
            "From labels: torch.bincount(labels, minlength=C)."
        )
    n = n.to(torch.float64)
    unusable = torch.nonzero(~(torch.isfinite(n) & (n > 0))).flatten().tolist()
    if unusable:
        first = unusable[0]
        raise ValueError(
            f"{function}: `counts` must be finite and above 0, got {n[first].item():g} for class {first}. "
            "A class without training rows has no finite weight or prior: leave it out of the loss with "
            "LogitTransform(valid_classes=...), or count it as one row with counts.clamp(min=1)."
        )
    return n
