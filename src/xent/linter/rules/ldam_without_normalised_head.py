"""XE404: margins in units of a cosine, and logits that are none."""

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule
from xent.presets import LDAMLoss

# Rounding of a cosine in half precision.
TOLERANCE = 0.02


@rule(
    "XE404",
    "ldam-without-normalised-head",
    Severity.WARNING,
    losses=("cross_entropy", "other"),
    fix="""
    model.head = xent.NormalizedLinear(model.head.in_features, model.head.out_features)  # its logits are cosines
    criterion = xent.LDAMLoss(counts)
    """,
)
def ldam_without_normalised_head(call: Call) -> Evidence | None:
    """LDAM is given logits of an ordinary linear layer, instead of cosines.

    Why:
        The margin of 0.5 is nothing beside logits that can grow without bound. A linear layer makes them larger until
        no class has a margin worth the name, so that tail classes get none of the help that LDAM is for; the scale of
        30 on top of it saturates the softmax from the first steps on. The margins are meant for cosines, in [-1, 1].

    Told by:
        Logits beyond 1.02 in size; or the autograd graph of the input ends in a linear layer with a bias, which a
        normalised head has not. Of an LDAM loss of somebody else, known by its name, it is said "probably", and of its
        logits' size only.
    """
    foreign = call.loss == "other" and "ldam" in call.name.lower()
    if not foreign and not isinstance(call.module, LDAMLoss):
        return None
    facts = call.facts
    largest = max(facts.highest, -facts.lowest)
    if largest > 1 + TOLERANCE:
        seen = f"the logits lie in {facts.lowest:.3g}..{facts.highest:.3g}, and cosines in -1..1"
        return Evidence(seen, {"lowest": facts.lowest, "highest": facts.highest}, probable=foreign)
    if not foreign and facts.made_by == "AddmmBackward0":
        seen = "the logits come from a linear layer with a bias, which makes no cosines"
        return Evidence(seen, {"lowest": facts.lowest, "highest": facts.highest})
    return None
