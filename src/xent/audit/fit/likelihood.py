"""Cross entropy of either task: labels or indicators."""

from torch import Tensor

from xent.functional import binary_cross_entropy_with_logits, cross_entropy


def nll(logits: Tensor, target: Tensor) -> Tensor:
    """Mean cross entropy in nats: of rows, or of the elements of multi-label rows.

    Args:
        logits: (n, C).
        target: Labels, (n,), or indicators, (n, C), in which -1 is not counted.
    """
    if target.ndim == 1:
        return cross_entropy(logits, target)
    return binary_cross_entropy_with_logits(logits, _clean(logits, target), mask=target >= 0)


def nll_by_row(logits: Tensor, target: Tensor) -> Tensor:
    """The same of every row, float64 of shape (n,); of multi-label rows the mean of their elements."""
    if target.ndim == 1:
        return cross_entropy(logits, target, reduction="none").double()
    counted = target >= 0
    elements = binary_cross_entropy_with_logits(logits, _clean(logits, target), mask=counted, reduction="none")
    return elements.double().sum(1) / counted.sum(1).clamp(min=1)


def _clean(logits: Tensor, target: Tensor) -> Tensor:
    return target.clamp(min=0).to(logits.dtype)
