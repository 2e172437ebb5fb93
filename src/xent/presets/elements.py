"""What multi-label losses share: which elements count, what was counted in training, what their modules hold."""

from typing import TYPE_CHECKING

from torch import Tensor

from xent.core import check
from xent.core.call import SigmoidCall
from xent.core.logits import LogitTransform
from xent.core.targets import counted
from xent.imbalance import ClassCounts
from xent.presets.counts import exact

if TYPE_CHECKING:
    from xent.imbalance import Counts
    from xent.nn import BCEWithLogitsLoss
    from xent.presets.settings import SigmoidSettings

__all__ = ["elements", "exact_counts", "held_elements", "read_elements"]


def elements(
    name: str,
    input: Tensor,
    target: Tensor,
    ignore_index: float | None = None,
    sample_weight: Tensor | None = None,
    mask: Tensor | None = None,
) -> SigmoidCall:
    """The call that says which elements count and how often, checked as the core checks it.

    Args:
        name: The loss, as its user calls it; for errors.
        input: Logits of any shape.
        target: Of the input's shape, floating point.
        ignore_index: Elements whose target has this value are left out.
        sample_weight: Of the input's shape, or a leading part of it.
        mask: Bool tensor of the input's shape, or a leading part of it: true for elements that count.

    Raises:
        ValueError: Shapes that do not fit.
        RuntimeError: A target that is not floating point; another device.
        TypeError: An argument of the wrong type.
    """
    check.tensor(name, "input", input)
    check.tensor(name, "target", target)
    check.binary_shapes(
        input, target, f"Target size ({target.size()}) must be the same as input size ({input.size()})."
    )
    check.floating(name, "input", input)
    check.float_target(target)
    check.binary_ignore_index(ignore_index)
    check.row_settings(sample_weight, mask, input.shape)
    check.same_device(input, target=target, sample_weight=sample_weight, mask=mask)
    return SigmoidCall(input, target, ignore_index=ignore_index, sample_weight=sample_weight, mask=mask)


def read_elements(call: SigmoidCall) -> Tensor | None:
    """Bool tensor of the input's shape: the elements that count; None where all do."""
    read = counted(call)
    return None if read is None else read.expand(call.logits.shape)


def exact_counts(counts: "Counts", total: "int | Counts | None") -> "tuple[Counts, int | Counts | None]":
    """Counts in float64 and the rows that they were counted in, which ClassCounts know."""
    if isinstance(counts, ClassCounts) and total is None:
        total, counts = counts.total, counts.counts
    return exact(counts), total


def held_elements(module: "BCEWithLogitsLoss") -> "SigmoidSettings":
    """What a module holds, as arguments of the function, without ``weight``."""
    logits = module.logits
    return {
        "reduction": module.reduction,
        "pos_weight": module.pos_weight,
        "neg_weight": module.neg_weight,
        "ignore_index": module.ignore_index,
        "label_smoothing": module.label_smoothing,
        "smoothing_prior": module.smoothing_prior,
        "neg_scale": module.neg_scale,
        "positive": module.positive,
        "negative": module.negative,
        "logits": logits if logits is None or isinstance(logits, LogitTransform) else logits.transform(),
        "inplace_gradient": module.inplace_gradient,
    }
