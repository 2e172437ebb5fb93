"""The way back: calibrated logits from a model that was trained against the imbalance.

A weight or an offset in training moves the minimum of the expected loss away from the true posterior, by a known term
of the logits. Taking that term off gives logits whose softmax (or sigmoid) is the posterior again: for training
with the log-loss, no label smoothing, and as far as the model fits its training distribution.
"""

import torch
from torch import Tensor

from xent.core.check import number
from xent.imbalance.logits import class_axis, combine
from xent.imbalance.offsets import exact_log_prior
from xent.imbalance.record import Counts
from xent.imbalance.sizes import Absent


def undo_weight(logits: Tensor, weight: Tensor, *, dim: int | None = None) -> Tensor:
    r"""Calibrated logits of a model trained with class weights, :math:`z_k - \log w_k`.

    The weighted cross entropy is least where :math:`\mathrm{softmax}(z)_k \propto w_k P(k \mid x)`.

    Args:
        logits: Logits of shape (C,), (N, C) or (N, C, d1, ...), or with the class axis at ``dim``.
        weight: The ``weight`` of the training loss, shape (C,), all above 0; on any scale.
        dim: The class axis; by default the second, or the only one.

    Returns:
        Logits of the shape, dtype and device of ``logits``, whose softmax estimates P(k | x); differentiable in them.

    Raises:
        TypeError: If ``logits`` are no floating-point tensor, or ``weight`` no tensor of real numbers.
        ValueError: If ``weight`` does not hold one finite number above 0 for each class.

    Example:
        >>> import torch
        >>> from xent.imbalance import undo_weight
        >>> undo_weight(torch.zeros(1, 2), torch.tensor([0.25, 0.75])).softmax(1)
        tensor([[0.7500, 0.2500]])

    References:
        Elkan, The Foundations of Cost-Sensitive Learning, 2001.
    """
    axis = class_axis("undo_weight", logits, dim)
    return combine("undo_weight", "weight", logits, -_log_weight("undo_weight", "weight", weight), axis)


def undo_adjustment(
    logits: Tensor, counts: Counts, tau: float = 1.0, *, dim: int | None = None, absent: Absent = "raise"
) -> Tensor:
    r"""Calibrated logits of a model trained with balanced softmax or logit adjustment, :math:`z_k + \tau \log \pi_k`.

    Such a loss has the softmax of :math:`z_k + \tau \log \pi_k`, and that is what fits the posterior. It also takes
    :func:`adjust_logits` back.

    Args:
        logits: Logits of shape (C,), (N, C) or (N, C, d1, ...), or with the class axis at ``dim``.
        counts: Training count n_k of every class, as the loss had them: ClassCounts, or a tensor, an array or a list
            of shape (C,).
        tau: The loss's; 1 for balanced softmax.
        dim: The class axis; by default the second, or the only one.
        absent: What a class with count 0 gets: "raise" refuses it, "one" counts it as one row.

    Returns:
        Logits of the shape, dtype and device of ``logits``, whose softmax estimates P(k | x) on data with the
        training frequencies; differentiable in them.

    Raises:
        TypeError: If ``logits`` are no floating-point tensor, ``counts`` no real numbers or ``tau`` no number.
        ValueError: If ``counts`` do not hold one finite number above 0 for each class of the logits (or 0, if
            ``absent`` takes it), are of multi-label rows, or ``tau`` is not finite.

    Example:
        >>> import torch
        >>> from xent.imbalance import undo_adjustment
        >>> undo_adjustment(torch.zeros(1, 2), [90, 10]).softmax(1)
        tensor([[0.9000, 0.1000]])

    References:
        Ren et al., Balanced Meta-Softmax for Long-Tailed Visual Recognition, 2020.
        Menon et al., Long-Tail Learning via Logit Adjustment, 2021.
    """
    axis = class_axis("undo_adjustment", logits, dim)
    prior = exact_log_prior("undo_adjustment", counts, absent)
    return combine("undo_adjustment", "counts", logits, number("undo_adjustment", "tau", tau) * prior, axis)


def undo_pos_weight(logits: Tensor, pos_weight: Tensor, *, dim: int | None = None) -> Tensor:
    r"""Calibrated logits of a binary model trained with ``pos_weight``, :math:`z_k - \log w_k`.

    The weighted binary cross entropy is least where the odds are w times the true ones. If there was a ``neg_weight``
    too, pass ``pos_weight / neg_weight``.

    Args:
        logits: Logits of shape (C,), (N, C) or (N, C, d1, ...), or with the class axis at ``dim``; any shape for a
            weight of one number.
        pos_weight: The ``pos_weight`` of the training loss, shape (C,), or one number; all above 0.
        dim: The class axis; by default the second, or the only one.

    Returns:
        Logits of the shape, dtype and device of ``logits``, whose sigmoid estimates P(class k | x); differentiable in
        them.

    Raises:
        TypeError: If ``logits`` are no floating-point tensor, or ``pos_weight`` no tensor of real numbers.
        ValueError: If ``pos_weight`` does not hold finite numbers above 0, one or one for each class.

    Example:
        >>> import torch
        >>> from xent.imbalance import undo_pos_weight
        >>> undo_pos_weight(torch.zeros(1, 2), torch.tensor([3.0, 1.0])).sigmoid()
        tensor([[0.2500, 0.5000]])

    References:
        Elkan, The Foundations of Cost-Sensitive Learning, 2001.
    """
    axis = class_axis("undo_pos_weight", logits, dim)
    log_weight = _log_weight("undo_pos_weight", "pos_weight", pos_weight)
    if log_weight.numel() == 1:
        log_weight = log_weight.expand(logits.shape[axis])
    return combine("undo_pos_weight", "pos_weight", logits, -log_weight, axis)


def _log_weight(function: str, argument: str, weight: Tensor) -> Tensor:
    if not isinstance(weight, Tensor):
        raise TypeError(f"{function}: `{argument}` must be a tensor, not {type(weight).__name__}.")
    if weight.is_complex() or weight.dtype == torch.bool:
        raise TypeError(f"{function}: `{argument}` must hold real numbers, got {weight.dtype}.")
    if weight.ndim > 1:
        raise ValueError(
            f"{function}: `{argument}` must have shape (C,), one number a class, got {tuple(weight.shape)}."
        )
    values = weight.detach().double().reshape(-1)
    wrong = torch.nonzero(~(torch.isfinite(values) & (values > 0))).flatten().tolist()
    if wrong:
        raise ValueError(
            f"{function}: `{argument}` must be finite and above 0, got {values[wrong[0]]:g} for class {wrong[0]}. "
            "Of a class that weighed nothing the model has learnt nothing to be calibrated: leave its logits out."
        )
    return values.log()
