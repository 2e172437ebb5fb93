"""XE103: binary cross entropy takes probabilities, and was given logits."""

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule


@rule(
    "XE103",
    "logits-into-bce",
    Severity.ERROR,
    losses=("binary_cross_entropy",),
    fix="""
    logits = model(x)
    loss = xent.binary_cross_entropy_with_logits(logits, target)  # takes the sigmoid itself, exactly
    """,
)
def logits_into_bce(call: Call) -> Evidence | None:
    """Binary cross entropy was given logits, where it takes probabilities.

    Why:
        What is taken for a probability is none. Outside [0, 1] the loss raises an error; while all logits happen to
        lie inside, it trains on, towards logits of 0 and 1. The loss that takes logits is exact besides: a sigmoid
        before this one has lost a positive at z = -50 (gradient -6e-11, true -0.333).

    Told by:
        Numbers outside [0, 1], or an autograd graph in which a linear or convolutional layer made the input. Numbers
        inside, without a graph, tell nothing.
    """
    facts = call.facts
    outside = int(((facts.rows < 0) | (facts.rows > 1)).sum())
    numbers = {"outside": float(outside), "lowest": facts.lowest, "highest": facts.highest}
    if outside:
        return Evidence(
            f"{outside} of the {facts.rows.numel()} numbers looked at lie outside [0, 1], "
            f"from {facts.lowest:.4g} to {facts.highest:.4g}: they are no probabilities",
            numbers,
        )
    if not facts.made_by_layer:
        return None
    return Evidence(
        f"the input was made by a layer ({facts.made_by}), without a sigmoid after it; "
        f"its numbers happen to lie in [{facts.lowest:.3g}, {facts.highest:.3g}], so that no error is raised",
        numbers,
    )
