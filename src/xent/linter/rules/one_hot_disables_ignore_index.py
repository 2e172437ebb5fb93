"""XE208: with a one-hot target nothing is ignored."""

from torch import Tensor

from xent.linter.call import Call
from xent.linter.describe import IGNORE_INDEX
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule
from xent.presets import DistillationLoss


@rule(
    "XE208",
    "one-hot-disables-ignore-index",
    Severity.WARNING,
    losses=("cross_entropy",),
    fix="""
    target = one_hot.argmax(dim=1)
    target[one_hot.sum(dim=1) == 0] = -100  # rows without a label are left out
    loss = xent.cross_entropy(logits, target)
    """,
)
def one_hot_disables_ignore_index(call: Call) -> Evidence | None:
    """The target is one-hot, which turns off ``ignore_index``, or is not taken at all.

    Why:
        Numbers for every class are read as probabilities, and no row of them is ever ignored. torch takes a negative
        ``ignore_index`` and forgets it, and refuses others; a row of zeros has loss 0 and is still counted in the
        mean, which is then too small. One-hot integers are refused: "Expected floating point type". Class indices say
        the same in 1/C of the memory, and can be ignored.

    Told by:
        The target has the input's shape and every row has a single one and else zeros, or only zeros. Said of integers
        and booleans (an error: torch raises), of rows of zeros, and of an ``ignore_index`` other than -100; a mask that
        leaves out the empty rows is what is needed. One-hot targets of floats with nothing to ignore are fine.
    """
    targets = _one_hot(call)
    if targets is None:
        return None
    empty = int((targets.sum(-1) == 0).sum())
    numbers = {"rows": float(len(targets)), "empty": float(empty)}
    if not call.target.is_floating_point():
        dtype = str(call.target.dtype).removeprefix("torch.")
        return Evidence(f"the target is one-hot and {dtype}, which is refused", numbers, severity=Severity.ERROR)
    if empty:
        seen = f"{empty} of {len(targets)} rows of the one-hot target are all zeros: their loss is 0, and they count"
        return Evidence(seen, numbers)
    if call.ignore_index not in (None, IGNORE_INDEX):
        return Evidence(f"ignore_index={call.ignore_index} has no effect on a one-hot target", numbers)
    return None


def _one_hot(call: Call) -> Tensor | None:
    """The targets of rows that count, if they hold a single one or none."""
    facts = call.facts
    if facts.targets is None or facts.classes < 2 or isinstance(call.module, DistillationLoss):
        return None
    targets = facts.targets[facts.counted]
    ones = (targets == 1).sum(-1)
    if not len(targets) or not bool(((targets == 0).sum(-1) + ones == facts.classes).all()):
        return None
    return targets if bool((ones <= 1).all()) and bool((ones == 1).any()) else None
