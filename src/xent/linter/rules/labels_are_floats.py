"""XE214: class labels that are floating point."""

import torch

from xent.linter.call import OF_LABELS, Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule


@rule(
    "XE214",
    "labels-are-floats",
    Severity.ERROR,
    losses=OF_LABELS,
    fix="""
    loss = xent.cross_entropy(logits, target.long())
    """,
)
def labels_are_floats(call: Call) -> Evidence | None:
    """The labels are class indices, but floating point (or boolean).

    Why:
        The loss refuses them: floating point in a target means probabilities, one for each class. torch says
        "expected target dtype to be Long or Byte, but got Float". They come from a table read as floats, from
        ``torch.Tensor(labels)`` instead of ``torch.tensor(labels)``, or from a binary task whose loss was changed.

    Told by:
        The target has one number a row, and all are whole numbers.
    """
    facts, target = call.facts, call.target
    if not facts.one_a_row or not (target.is_floating_point() or target.dtype == torch.bool):
        return None
    values = target.detach().double()
    if not values.numel() or not bool((values == values.round()).all()):
        return None
    lowest, highest = (float(bound) for bound in values.aminmax())
    dtype = str(target.dtype).removeprefix("torch.")
    return Evidence(
        f"the target holds one number a row, whole numbers from {lowest:.0f} to {highest:.0f}, but is {dtype}",
        {"lowest": lowest, "highest": highest, "rows": float(values.numel())},
    )
