"""Which elements of a multi-label batch count, for losses that have to know it before the core does."""

from torch import Tensor

from xent.core import check
from xent.core.call import SigmoidCall
from xent.core.targets import counted

__all__ = ["elements", "read_elements"]


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
