"""XE101: cross entropy takes logits, and was given a softmax."""

import math

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule


@rule(
    "XE101",
    "softmax-before-cross-entropy",
    Severity.ERROR,
    losses=("cross_entropy",),
    fix="""
    logits = model(x)  # no softmax at the end of the model
    loss = xent.cross_entropy(logits, target)
    """,
)
def softmax_before_cross_entropy(call: Call) -> Evidence | None:
    """The input of cross entropy has been through a softmax already.

    Why:
        The loss cannot fall below ln(1 + (C-1)/e), and the gradient dies long before the model is right. Cross entropy
        takes the softmax itself; of probabilities, which differ by 1 at most, it makes nearly uniform ones.

    Told by:
        Every row lies in [0, 1] and sums to 1, or the autograd graph of the input ends in a softmax.
    """
    facts = call.facts
    floor = math.log1p((facts.classes - 1) / math.e)
    numbers = {"floor": floor, "classes": float(facts.classes), "sum_error": facts.sum_error}
    if facts.made_by == "SoftmaxBackward0":
        return Evidence(f"the input was made by a softmax: the loss cannot fall below {floor:.3f} nats", numbers)
    if not facts.rows_are_probabilities:
        return None
    return Evidence(
        f"every row of the input lies in [0, 1] and sums to 1 (to {facts.sum_error:.1g}): "
        f"the loss cannot fall below {floor:.3f} nats",
        numbers,
    )
