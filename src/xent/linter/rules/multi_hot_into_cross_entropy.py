"""XE207: the target of a softmax is a distribution, and this one does not sum to 1."""

import torch
from torch import Tensor

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule
from xent.presets import DistillationLoss

# By how much a row may miss 1: the rounding of half precision, and of targets that were stored as text.
TOLERANCE = 0.01


@rule(
    "XE207",
    "multi-hot-into-cross-entropy",
    Severity.ERROR,
    losses=("cross_entropy",),
    fix="""
    loss = xent.binary_cross_entropy_with_logits(logits, target.float())  # every class is a question of its own
    """,
)
def multi_hot_into_cross_entropy(call: Call) -> Evidence | None:
    """The target has a number for every class, and its rows do not sum to 1.

    Why:
        Cross entropy takes the target for a distribution over classes that exclude one another, and does not check it.
        A row with three labels counts as three rows, which a softmax can never give more than 1/3 each;
        a row without a label counts nothing, so that "none of these" is never learned. For labels that do not exclude
        one another the loss is binary cross entropy.

    Told by:
        The target has the input's shape, is 0 or 1 throughout, and some row holds two ones or more. Other numbers whose
        rows miss 1 by more than 0.01 are a warning, and "probably": they may be meant as weights of the rows. Rows that
        a mask leaves out are not looked at, nor the teacher's logits of a distillation. Rows with a single one or none
        are XE208.
    """
    targets = _read(call)
    if targets is None:
        return None
    sums = targets.sum(-1)
    lowest, highest = (float(bound) for bound in sums.aminmax())
    numbers = {"lowest_sum": lowest, "highest_sum": highest, "rows": float(len(sums))}
    if bool(((targets == 0) | (targets == 1)).all()):
        several = int((sums >= 2).sum())
        if not several:
            return None
        seen = f"{several} of {len(sums)} rows of the target hold more than one 1, up to {highest:.0f}"
        return Evidence(seen, {**numbers, "several": float(several)})
    if 1 - lowest <= TOLERANCE and highest - 1 <= TOLERANCE:
        return None
    seen = f"the rows of the target sum to {lowest:.3g} at the least and {highest:.3g} at the most, not to 1"
    return Evidence(seen, numbers, probable=True, severity=Severity.WARNING)


def _read(call: Call) -> Tensor | None:
    """The targets of rows that count, if they are numbers a class, and finite."""
    facts = call.facts
    if facts.targets is None or facts.classes < 2 or isinstance(call.module, DistillationLoss):
        return None
    targets = facts.targets[facts.counted]
    return targets if targets.numel() and bool(torch.isfinite(targets).all()) else None
