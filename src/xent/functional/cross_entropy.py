"""Cross entropy of softmax rows."""

from torch import Tensor

from xent import dispatch
from xent.core import check
from xent.core.call import SoftmaxCall
from xent.core.event import NLL, Event
from xent.core.logits import LogitTransform
from xent.core.reduce import Normalizer, check_normalizer, settle_reduction


@dispatch.overridable
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
    *,
    dim: int | None = None,
    sample_weight: Tensor | None = None,
    mask: Tensor | None = None,
    normalizer: Normalizer | None = None,
    smoothing_prior: Tensor | None = None,
    z_loss: float = 0.0,
    event: Event = NLL,
    logits: LogitTransform | None = None,
    inplace_gradient: bool = False,
) -> Tensor:
    r"""Cross entropy between targets and the softmax of logits. Drop-in for ``torch.nn.functional.cross_entropy``.

    .. math::
        L_i = s_i \Big( \sum_k weight_k\, t'_{ik}\, \phi(\mathrm{softmax}(z'_i)_k)
              + z\_loss\; d_i\, \mathrm{logsumexp}(z'_i)^2 \Big), \qquad
        \text{mean} = \frac{\sum_i L_i}{\sum_i s_i d_i}

    with :math:`\phi(p) = -\log p` unless ``event`` says otherwise, :math:`z'` the logits after ``logits``,
    :math:`t'` the target after label smoothing, and :math:`d_i` weight[target] for class indices, 1 for
    probabilities, 0 for rows that are left out.

    Args:
        input: Logits of shape (C,), (N, C) or (N, C, d1, ...), or with the class axis at ``dim``.
        target: Class indices (int64, int32, int16 or uint8) of the input's shape without the class axis, or
            probabilities of the input's shape.
        weight: Class weights of shape (C,).
        size_average: Deprecated; see ``reduction``.
        ignore_index: Rows with this index have no loss and no gradient, and do not count in the mean.
        reduce: Deprecated; see ``reduction``.
        reduction: "mean", "sum" or "none".
        label_smoothing: eps in [0, 1]: t' = (1 - eps)*t + eps*smoothing_prior.
        dim: The class axis; by default the second, or the only one.
        sample_weight: s of the rows' shape (or a leading part of it). It means repetition of a row: the mean is
            divided by it too. A row of weight 0 is not read.
        mask: Bool tensor of the rows' shape (or a leading part of it): true for rows that count.
        normalizer: Replaces the denominator of the mean, so that accumulated or distributed batches can be
            divided by their common count.
        smoothing_prior: What label smoothing mixes in, of shape (C,); uniform by default. It is renormalised over
            the classes that remain.
        z_loss: Coefficient of logsumexp squared, which holds the logits near 0.
        event: The loss of one event; ``Event(gamma=2)`` makes focal loss.
        logits: What happens to the logits before the softmax: softcap, scale, offset, margin, valid_classes.
        inplace_gradient: Let the gradient take the place of the logits, which are then lost to all else, and to a
            second derivative: one buffer less to keep. Not for reduction "none" or float16; without effect where no
            gradient is wanted, or torch traces, transforms or checkpoints the call.

    Returns:
        The loss in nats: a scalar, or one number a row for reduction "none". Its dtype is that of the input,
        promoted with a probability target and its weight; float32 under autocast. If every row is left out, the mean
        is nan and the gradient 0.

    Raises:
        IndexError: A label names no class.
        ValueError: Shapes that do not fit, or a setting outside its domain.
        RuntimeError: As torch raises it: dtypes, the shape of ``weight``, label_smoothing, ignore_index with
            probabilities, a gradient asked for where none is formed.
        TypeError: An argument of the wrong type.

    Example:
        >>> import torch, xent
        >>> logits = torch.tensor([[2.0, 0.5, 0.3], [0.2, 1.5, 0.1], [1.0, 0.9, 1.2]])
        >>> xent.cross_entropy(logits, torch.tensor([0, 1, 2]))
        tensor(0.5662)

    References:
        Shannon, 1948; Good, 1952 (cross entropy). Szegedy et al., 2016 (label smoothing). Lin et al., 2017 (focal).
        Chowdhery et al., 2022 (z-loss).
    """
    if (
        weight is None
        and sample_weight is None
        and mask is None
        and normalizer is None
        and logits is None
        and event is NLL
        and smoothing_prior is None
        and dim is None
        and size_average is None
        and reduce is None
        and not inplace_gradient
        and (type(label_smoothing) is float and label_smoothing == 0.0)
        and (type(z_loss) is float and z_loss == 0.0)
        and (plain := dispatch.plain_loss(input, target, ignore_index, reduction)) is not None
    ):
        return plain
    reduction = settle_reduction(size_average, reduce, reduction)
    check_normalizer(normalizer, reduction)
    check.tensor("cross_entropy", "input", input)
    check.tensor("cross_entropy", "target", target)
    check.ignore_index(ignore_index)
    axis = check.class_axis(input, dim)
    indexed = target.shape != input.shape
    if indexed:
        target = check.index_target(input, target, axis, or_probabilities=True)
        check.no_gradient("cross_entropy", "weight", weight)
    else:
        check.probability_target(target, ignore_index)
    check.floating("cross_entropy", "input", input)
    check.class_weight(weight, input, axis, promotes=not indexed)
    check.has_classes(input, axis)
    check.smoothing(label_smoothing)
    check.smoothing_prior(smoothing_prior, label_smoothing, input.shape[axis])
    check.z_loss(z_loss)
    check.event("event", event)
    check.row_settings(sample_weight, mask, input.shape[:axis] + input.shape[axis + 1 :])
    check.same_device(
        input,
        target=target,
        weight=weight,
        smoothing_prior=smoothing_prior,
        sample_weight=sample_weight,
        mask=mask,
    )
    check.inplace_gradient(inplace_gradient, reduction, input)
    settings = check.softmax_transform(logits, input, axis, indexed)
    call = SoftmaxCall(
        input,
        target,
        indexed,
        axis,
        weight,
        ignore_index,
        label_smoothing,
        smoothing_prior,
        z_loss,
        event,
        settings,
        sample_weight,
        mask,
    )
    return dispatch.loss(call, reduction, normalizer, inplace_gradient)
