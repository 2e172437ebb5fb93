"""XE303: a weight that is infinite or nan."""

from torch import Tensor

from xent.linter.call import ANY_LOSS, Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule


@rule(
    "XE303",
    "nonfinite-weight",
    Severity.ERROR,
    losses=ANY_LOSS,
    fix="""
    weight = xent.imbalance.inverse_frequency(counts, absent="zero")  # of classes without rows
    loss = xent.cross_entropy(logits, target, weight=weight)
    """,
)
def nonfinite_weight(call: Call) -> Evidence | None:
    """A weight is infinite or nan, as that of a class which the counts do not have: 1/0.

    Why:
        The loss becomes inf or nan in the first batch that reads this weight. Nothing happens until then: a class
        without training rows is never the label, and its weight is not read, until label smoothing, a soft target or
        a validation row does.

    Told by:
        An inf or nan in ``weight`` or ``pos_weight``.
    """
    for name, weight in (("weight", call.weight), ("pos_weight", call.pos_weight)):
        if weight is not None and not bool(weight.isfinite().all()):
            return _evidence(call, name, weight.detach())
    return None


def _evidence(call: Call, name: str, weight: Tensor) -> Evidence:
    bad = (~weight.isfinite()).reshape(-1).nonzero().flatten()
    first = int(bad[0])
    numbers = {"nonfinite": float(len(bad)), "first": float(first)}
    seen = f"{len(bad)} of {weight.numel()} numbers in `{name}` are inf or nan, the first for class {first}"
    counts = call.counts
    if counts is not None and counts.shape == weight.shape and bool((counts[bad.cpu()] == 0).all()):
        seen += ", and the training counts of these classes are 0"
    return Evidence(seen, numbers)
