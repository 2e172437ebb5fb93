"""Kullback-Leibler divergence of a target distribution from log-probabilities."""

import warnings

import torch
from torch import Tensor

from xent import dispatch
from xent.core import check
from xent.core.call import DivergenceCall
from xent.core.reduce import Normalizer, check_normalizer, settle_reduction


@dispatch.overridable
def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
    *,
    sample_weight: Tensor | None = None,
    mask: Tensor | None = None,
    normalizer: Normalizer | None = None,
) -> Tensor:
    r"""Pointwise Kullback-Leibler divergence. Drop-in for ``torch.nn.functional.kl_div``.

    .. math::
        L = s\, t\, (\log t - x), \qquad KL(T \| X) = \sum_k L_k

    with :math:`x` the model's log-probabilities. "batchmean" is the mean divergence of a batch; "mean" divides by the
    number of elements, which is C times as many. For distributions as such, see :func:`xent.information.kl_divergence`.

    Args:
        input: Log-probabilities x, of any shape.
        target: Probabilities t, or their logarithms with ``log_target``; broadcast against the input.
        size_average: Deprecated; see ``reduction``.
        reduce: Deprecated; see ``reduction``.
        reduction: "mean" (with torch's warning), "batchmean", "sum" or "none".
        log_target: Whether ``target`` holds logarithms.
        sample_weight: s of the input's shape, or a leading part of it: repetition.
        mask: Bool tensor of the input's shape, or a leading part of it: true for elements that count.
        normalizer: Replaces the denominator of "mean" and "batchmean".

    Returns:
        The divergence in nats: a scalar, or the input's shape for reduction "none"; its dtype is the wider of input and
        target, float32 under autocast. An impossible event, t = 0, costs nothing; it costs inf where x = -inf < log t.
        At t = 0 the derivative in t is -inf; the gradient there leaves log t + 1 out and is -x.

    Raises:
        ValueError: A setting outside its domain.
        RuntimeError: As torch raises it: integer tensors, shapes that do not broadcast.
        TypeError: An argument of the wrong type.

    Example:
        >>> import torch, xent
        >>> p, q = torch.tensor([[0.5, 0.5]]), torch.tensor([[0.75, 0.25]])
        >>> xent.kl_div(q.log(), p, reduction="batchmean")
        tensor(0.1438)

    References:
        Kullback & Leibler, 1951.
    """
    if size_average is None and reduce is None and reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size. "
            "'batchmean' divides only by the batch size, and is the divergence's mean.",
            stacklevel=3,
        )
    reduction = settle_reduction(size_average, reduce, reduction, ("none", "mean", "sum", "batchmean"))
    check_normalizer(normalizer, reduction)
    check.tensor("kl_div", "input", input)
    check.tensor("kl_div", "target", target)
    check.divergence_dtypes(input, target)
    check.divergence_shapes(input, target)
    batch = input.shape[0] if input.ndim else 1
    x, t = (input, target) if input.shape == target.shape else torch.broadcast_tensors(input, target)  # type: ignore[no-untyped-call]
    check.row_settings(sample_weight, mask, x.shape)
    check.same_device(input, target=target, sample_weight=sample_weight, mask=mask)
    return dispatch.loss(DivergenceCall(x, t, batch, log_target, sample_weight, mask), reduction, normalizer)
