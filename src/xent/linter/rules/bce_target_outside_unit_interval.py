"""XE209: binary targets are probabilities, and these are not."""

import torch
from torch import Tensor

from xent.linter.call import BINARY, Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule

# Rounding of smoothed targets.
TOLERANCE = 0.01


@rule(
    "XE209",
    "bce-target-outside-unit-interval",
    Severity.ERROR,
    losses=BINARY,
    fix="""
    known = target != 255  # or -1: what marks elements without a label
    loss = xent.binary_cross_entropy_with_logits(logits, target.float().clamp(0, 1), mask=known)
    """,
)
def bce_target_outside_unit_interval(call: Call) -> Evidence | None:
    """Targets of binary cross entropy lie outside [0, 1].

    Why:
        The loss has no lower bound then, and training runs off to infinite logits. torch does not check targets: a
        label of 255 at a logit of 5 gives a loss of -1270. The gradient, sigmoid(z) - t, never becomes 0. Such
        values are most often class indices, masks stored as 0 and 255, or -1 for "unlabelled".

    Told by:
        Targets below 0 or above 1, by more than 0.01, that are neither masked nor ``ignore_index``.
    """
    target = _read(call)
    if not target.numel():
        return None
    lowest, highest = (float(bound) for bound in target.aminmax())
    if lowest >= -TOLERANCE and highest <= 1 + TOLERANCE:
        return None
    outside = int(((target < -TOLERANCE) | (target > 1 + TOLERANCE)).sum())
    return Evidence(
        f"{outside} of {target.numel()} targets lie outside [0, 1]: they go from {lowest:.4g} to {highest:.4g}",
        {"outside": float(outside), "lowest": lowest, "highest": highest, "targets": float(target.numel())},
    )


def _read(call: Call) -> Tensor:
    """The elements that count, nan left aside."""
    target = call.target.detach()
    read = torch.isfinite(target)
    if call.ignore_index is not None:
        read &= target != call.ignore_index
    if call.mask is not None and call.mask.shape == target.shape:
        read &= call.mask != 0
    return target[read]
