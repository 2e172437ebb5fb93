"""The log-prior, and the adjustment of logits by it after training."""

from torch import Tensor

from xent.core.check import number
from xent.imbalance.logits import class_axis, combine
from xent.imbalance.record import ClassCounts, Counts
from xent.imbalance.sizes import Absent, class_sizes, result_dtype


def log_prior(counts: Counts, *, absent: Absent = "raise") -> Tensor:
    r"""Logarithm of the class frequencies, :math:`\log \pi_k = \log \frac{n_k}{n}`.

    Added to the logits in training it gives balanced softmax; subtracted from the logits of a plainly trained
    model (:func:`adjust_logits`) it gives the same correction afterwards. Do one of the two, never both.

    Args:
        counts: Training count n_k of every class: ClassCounts, or a tensor, an array or a list of shape (C,).
        absent: What a class with count 0 gets: "raise" refuses it, "one" counts it as one row.

    Returns:
        Log-probabilities of shape (C,), in nats, on the device of ``counts``; in their dtype if that is
        floating point, else in torch's default dtype.

    Raises:
        TypeError: If ``counts`` are no real numbers.
        ValueError: If ``counts`` are not one row of finite numbers above 0 (or of 0, if ``absent`` takes it), or are of
            multi-label rows, whose classes have no common prior.

    Example:
        >>> from xent.imbalance import log_prior
        >>> log_prior([6, 3, 1])
        tensor([-0.5108, -1.2040, -2.3026])

    References:
        Ren et al., Balanced Meta-Softmax for Long-Tailed Visual Recognition, 2020.
        Menon et al., Long-Tail Learning via Logit Adjustment, 2021.
    """
    return exact_log_prior("log_prior", counts, absent).to(result_dtype(counts))


def adjust_logits(
    logits: Tensor, counts: Counts, tau: float = 1.0, *, dim: int | None = None, absent: Absent = "raise"
) -> Tensor:
    r"""Logit adjustment after training, :math:`z_k - \tau \log \pi_k`.

    For the logits of a model trained with plain cross entropy. Their largest class then is the best guess for balanced
    accuracy rather than for accuracy. A model trained with balanced softmax, logit adjustment or inverse-frequency
    weights has the correction already, and a second one makes it worse.

    Args:
        logits: Logits of shape (C,), (N, C) or (N, C, d1, ...), or with the class axis at ``dim``.
        counts: Training count n_k of every class: ClassCounts, or a tensor, an array or a list of shape (C,).
        tau: How far to go: 0 leaves the logits as they are, 1 is the full correction.
        dim: The class axis; by default the second, or the only one.
        absent: What a class with count 0 gets: "raise" refuses it, "one" counts it as one row.

    Returns:
        Adjusted logits of the shape, dtype and device of ``logits``; differentiable in them.

    Raises:
        TypeError: If ``logits`` are no floating-point tensor, ``counts`` no real numbers or ``tau`` no number.
        ValueError: If ``counts`` do not hold one finite number above 0 for each class of the logits (or 0, if
            ``absent`` takes it), are of multi-label rows, or ``tau`` is not finite.

    Example:
        >>> import torch
        >>> from xent.imbalance import adjust_logits
        >>> adjust_logits(torch.tensor([[2.0, 1.0]]), [90, 10])
        tensor([[2.1054, 3.3026]])

    References:
        Menon et al., Long-Tail Learning via Logit Adjustment, 2021.
    """
    axis = class_axis("adjust_logits", logits, dim)
    prior = exact_log_prior("adjust_logits", counts, absent)
    return combine("adjust_logits", "counts", logits, -number("adjust_logits", "tau", tau) * prior, axis)


def exact_log_prior(function: str, counts: Counts, absent: str) -> Tensor:
    """The log-prior in float64, (C,)."""
    if isinstance(counts, ClassCounts) and counts.multi_label:
        raise ValueError(
            f"{function}: `counts` are of multi-label rows, whose classes do not exclude one another and have no prior "
            "in common. Use pos_weight(counts) with a binary loss."
        )
    n = class_sizes(function, counts, absent)
    return (n / n.sum()).log()
