"""Binary cross entropy, of probabilities and of logits."""

from torch import Tensor

from xent import dispatch
from xent.core import check
from xent.core.call import ProbabilityCall, SigmoidCall
from xent.core.event import NLL, Event
from xent.core.logits import LogitTransform
from xent.core.reduce import Normalizer, check_normalizer, settle_reduction


@dispatch.overridable
def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    *,
    sample_weight: Tensor | None = None,
    mask: Tensor | None = None,
    normalizer: Normalizer | None = None,
) -> Tensor:
    r"""Binary cross entropy of probabilities. Drop-in for ``torch.nn.functional.binary_cross_entropy``.

    .. math::
        L = -s\, weight\, \big( y \log p + (1-y) \log(1-p) \big), \qquad
        \text{mean} = \frac{\sum L}{\sum s}

    Each logarithm is at least -100. From logits, :func:`xent.binary_cross_entropy_with_logits` loses nothing.

    Args:
        input: Probabilities p in [0, 1], of any shape.
        target: y in [0, 1], of the input's shape and dtype.
        weight: Broadcast to the input's shape. It does not change the mean's denominator.
        size_average: Deprecated; see ``reduction``.
        reduce: Deprecated; see ``reduction``.
        reduction: "mean", "sum" or "none".
        sample_weight: s of the input's shape, or a leading part of it: repetition.
        mask: Bool tensor of the input's shape, or a leading part of it: true for elements that count.
        normalizer: Replaces the denominator of the mean.

    Returns:
        The loss in nats, of the input's dtype: a scalar, or the input's shape for reduction "none".

    Raises:
        ValueError: Shapes that do not fit, or a setting outside its domain.
        RuntimeError: As torch raises it: an input or target outside [0, 1] or nan, dtypes, a gradient asked for in
            ``weight``.
        TypeError: An argument of the wrong type.

    Example:
        >>> import torch, xent
        >>> xent.binary_cross_entropy(torch.tensor([0.5, 0.25]), torch.tensor([1.0, 0.0]))
        tensor(0.4904)

    References:
        Good, 1952.
    """
    reduction = settle_reduction(size_average, reduce, reduction)
    check_normalizer(normalizer, reduction)
    check.tensor("binary_cross_entropy", "input", input)
    check.tensor("binary_cross_entropy", "target", target)
    check.binary_shapes(
        input,
        target,
        f"Using a target size ({target.size()}) that is different to the input size ({input.size()}) is deprecated. "
        "Please ensure they have the same size.",
    )
    check.floating("binary_cross_entropy", "input", input)
    check.equal_dtype(input, target)
    check.element_weight("binary_cross_entropy", "weight", weight, input)
    check.row_settings(sample_weight, mask, input.shape)
    check.same_device(input, target=target, weight=weight, sample_weight=sample_weight, mask=mask)
    call = ProbabilityCall(input, target, weight, sample_weight=sample_weight, mask=mask)
    return dispatch.loss(call, reduction, normalizer)


@dispatch.overridable
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
    *,
    neg_weight: Tensor | None = None,
    ignore_index: float | None = None,
    label_smoothing: float = 0.0,
    sample_weight: Tensor | None = None,
    mask: Tensor | None = None,
    normalizer: Normalizer | None = None,
    smoothing_prior: Tensor | None = None,
    neg_scale: float = 1.0,
    positive: Event = NLL,
    negative: Event = NLL,
    logits: LogitTransform | None = None,
    inplace_gradient: bool = False,
) -> Tensor:
    r"""Binary cross entropy of logits. Drop-in for ``torch.nn.functional.binary_cross_entropy_with_logits``.

    .. math::
        L = s\, weight\, \big( pos\_weight\; y'\, \phi_+(\sigma(z'))
            + neg\_weight\, (1-y')\, \phi_-(1-\sigma(neg\_scale\; z')) / neg\_scale \big), \qquad
        \text{mean} = \frac{\sum L}{\sum s}

    with :math:`\phi(p) = -\log p` unless ``positive`` or ``negative`` says otherwise.

    ``pos_weight=0`` does not ignore a class: it removes the loss of its positives, and its negatives still push the
    logit down. To leave elements out, use ``mask`` or ``ignore_index``: no loss, no gradient, not counted.

    Args:
        input: Logits z of any shape; in multi-label classification (N, C).
        target: y, usually in [0, 1] (as in torch this is not checked), of the input's shape, floating point.
        weight: Broadcast to the input's shape. It does not change the mean's denominator.
        size_average: Deprecated; see ``reduction``.
        reduce: Deprecated; see ``reduction``.
        reduction: "mean", "sum" or "none".
        pos_weight: Factor of the positive side, broadcast to the input's shape from the last axis.
        neg_weight: Factor of the negative side, likewise.
        ignore_index: Elements whose target has this value are left out.
        label_smoothing: eps in [0, 1]: y' = (1 - eps)*y + eps*smoothing_prior.
        sample_weight: s of the input's shape, or a leading part of it: repetition. 0 means not read.
        mask: Bool tensor of the input's shape, or a leading part of it: true for elements that count.
        normalizer: Replaces the denominator of the mean.
        smoothing_prior: The probability of the positive side that smoothing mixes in, broadcast to the input's shape;
            1/2 by default.
        neg_scale: Factor above 0 of the logit on the negative side, divided out of its loss again.
        positive: The loss of the positive event.
        negative: The loss of the negative event, with ``shift`` where negatives below a score shall cost nothing; at
            p = shift exactly the gradient is 0.
        logits: What happens to the logits first: softcap, scale, offset.
        inplace_gradient: Let the gradient take the place of the logits, which are then lost to all else, and to a
            second derivative: one buffer less to keep. Not for reduction "none" or float16; without effect where no
            gradient is wanted, or torch traces, transforms or checkpoints the call.

    Returns:
        The loss in nats: a scalar, or the input's shape for reduction "none"; its dtype is the wider of input and
        target, float32 under autocast.

    Raises:
        ValueError: Shapes that do not fit, or a setting outside its domain.
        RuntimeError: As torch raises it: dtypes, weights that do not broadcast, a gradient asked for in a weight.
        TypeError: An argument of the wrong type.

    Example:
        >>> import torch, xent
        >>> logits = torch.tensor([[0.8], [-1.2], [0.1]])
        >>> xent.binary_cross_entropy_with_logits(logits, torch.tensor([[1.0], [0.0], [1.0]]))
        tensor(0.4263)

    References:
        Good, 1952. Lin et al., 2017 (focal). Ridnik et al., 2021 (shift). Wu et al., 2020 (neg_scale).
    """
    name = "binary_cross_entropy_with_logits"
    reduction = settle_reduction(size_average, reduce, reduction)
    check_normalizer(normalizer, reduction)
    check.tensor(name, "input", input)
    check.tensor(name, "target", target)
    check.binary_shapes(
        input, target, f"Target size ({target.size()}) must be the same as input size ({input.size()})."
    )
    check.floating(name, "input", input)
    check.float_target(target)
    for argument, value in (("weight", weight), ("pos_weight", pos_weight), ("neg_weight", neg_weight)):
        check.element_weight(name, argument, value, input)
    check.binary_ignore_index(ignore_index)
    check.smoothing(label_smoothing)
    check.binary_prior(smoothing_prior, label_smoothing, input)
    check.neg_scale(neg_scale)
    check.event("positive", positive)
    check.event("negative", negative, may_shift=True)
    check.row_settings(sample_weight, mask, input.shape)
    check.inplace_gradient(inplace_gradient, reduction, input)
    check.same_device(
        input,
        target=target,
        weight=weight,
        pos_weight=pos_weight,
        neg_weight=neg_weight,
        smoothing_prior=smoothing_prior,
        sample_weight=sample_weight,
        mask=mask,
    )
    call = SigmoidCall(
        input,
        target,
        weight,
        pos_weight,
        neg_weight,
        ignore_index,
        label_smoothing,
        smoothing_prior,
        neg_scale,
        positive,
        negative,
        check.sigmoid_transform(logits, input),
        sample_weight,
        mask,
    )
    return dispatch.loss(call, reduction, normalizer, inplace_gradient)
