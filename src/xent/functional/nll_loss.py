"""Negative log-likelihood of log-probabilities."""

from torch import Tensor

from xent import dispatch
from xent.core import check
from xent.core.call import LogProbabilityCall
from xent.core.reduce import Normalizer, check_normalizer, settle_reduction


@dispatch.overridable
def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    *,
    dim: int | None = None,
    sample_weight: Tensor | None = None,
    mask: Tensor | None = None,
    normalizer: Normalizer | None = None,
) -> Tensor:
    r"""Negative log-likelihood of class labels under log-probabilities. Drop-in for ``torch.nn.functional.nll_loss``.

    .. math::
        L_i = -s_i\, weight_{y_i}\, x_{i,y_i}, \qquad
        \text{mean} = \frac{\sum_i L_i}{\sum_i s_i\, weight_{y_i}}

    From logits, :func:`xent.cross_entropy` is the same in one step, and exact where a probability rounds to one.

    Args:
        input: Log-probabilities x of shape (C,), (N, C) or (N, C, d1, ...), or with the class axis at ``dim``.
        target: Class indices y (int64, int32, int16 or uint8) of the input's shape without the class axis.
        weight: Class weights of shape (C,).
        size_average: Deprecated; see ``reduction``.
        ignore_index: Rows with this index have no loss and no gradient, and do not count in the mean.
        reduce: Deprecated; see ``reduction``.
        reduction: "mean", "sum" or "none".
        dim: The class axis; by default the second, or the only one.
        sample_weight: s of the rows' shape (or a leading part of it): repetition of a row.
        mask: Bool tensor of the rows' shape (or a leading part of it): true for rows that count.
        normalizer: Replaces the denominator of the mean.

    Returns:
        The loss in nats: a scalar, or one number a row for reduction "none"; of the input's dtype, float32 under
        autocast.

    Raises:
        IndexError: A label names no class.
        ValueError: Shapes that do not fit, or a setting outside its domain.
        RuntimeError: As torch raises it: dtypes, the shape of ``weight``, a gradient asked for in ``weight``.
        TypeError: An argument of the wrong type.

    Example:
        >>> import torch, xent
        >>> log_p = torch.tensor([[0.5, 0.25, 0.25]]).log()
        >>> xent.nll_loss(log_p, torch.tensor([0]))
        tensor(0.6931)

    References:
        Fisher, 1922 (likelihood).
    """
    reduction = settle_reduction(size_average, reduce, reduction)
    check_normalizer(normalizer, reduction)
    check.tensor("nll_loss", "input", input)
    check.tensor("nll_loss", "target", target)
    check.ignore_index(ignore_index)
    axis = check.class_axis(input, dim)
    target = check.index_target(input, target, axis)
    check.no_gradient("nll_loss", "weight", weight)
    check.floating("nll_loss", "input", input)
    check.class_weight(weight, input, axis, promotes=False)
    check.has_classes(input, axis)
    check.row_settings(sample_weight, mask, input.shape[:axis] + input.shape[axis + 1 :])
    check.same_device(input, target=target, weight=weight, sample_weight=sample_weight, mask=mask)
    call = LogProbabilityCall(
        input, target, True, axis, weight, ignore_index=ignore_index, sample_weight=sample_weight, mask=mask
    )
    return dispatch.loss(call, reduction, normalizer)
