"""What cross entropy knows of each row, in one call."""

from torch import Tensor

from xent import dispatch
from xent.core import check
from xent.core.call import SoftmaxCall
from xent.core.facts import Facts
from xent.core.logits import LogitTransform


def facts(
    input: Tensor,
    target: Tensor,
    *,
    ignore_index: int = -100,
    dim: int | None = None,
    mask: Tensor | None = None,
    logits: LogitTransform | None = None,
) -> Facts:
    r"""Per row: nll, logsumexp, entropy, argmax and the rank of the label.

    .. math::
        nll = lse - z_y, \quad lse = \log\sum_k e^{z_k}, \quad entropy = -\sum_k p_k \log p_k, \quad
        rank = |\{k : z_k > z_y\}|

    nll, lse and entropy are differentiable.

    Args:
        input: Logits of shape (C,), (N, C) or (N, C, d1, ...), or with the class axis at ``dim``.
        target: Class indices (int64, int32, int16 or uint8) of the input's shape without the class axis.
        ignore_index: Rows with this index are not read: nll, lse and entropy 0, argmax and rank -1.
        dim: The class axis; by default the second, or the only one.
        mask: Bool tensor of the rows' shape (or a leading part of it): true for rows that count.
        logits: What happens to the logits first.

    Returns:
        :class:`Facts`, five tensors of the rows' shape; nll, lse and entropy in nats, float32, or float64 for
        float64 logits.

    Raises:
        IndexError: A label names no class.
        ValueError: Shapes that do not fit.
        RuntimeError: A target that does not hold class indices.
        TypeError: An argument of the wrong type.

    Example:
        >>> import torch, xent
        >>> row = xent.facts(torch.tensor([[2.0, 0.5, 0.3]]), torch.tensor([1]))
        >>> row.nll, row.rank
        (tensor([1.8406]), tensor([1]))

    References:
        Shannon, 1948.
    """
    check.tensor("facts", "input", input)
    check.tensor("facts", "target", target)
    check.ignore_index(ignore_index)
    axis = check.class_axis(input, dim)
    target = check.index_target(input, target, axis)
    check.floating("facts", "input", input)
    check.has_classes(input, axis)
    check.row_settings(None, mask, input.shape[:axis] + input.shape[axis + 1 :])
    check.same_device(input, target=target, mask=mask)
    settings = check.softmax_transform(logits, input, axis, indexed=True)
    call = SoftmaxCall(input, target, True, axis, ignore_index=ignore_index, transform=settings, mask=mask)
    return dispatch.softmax_facts(call)
