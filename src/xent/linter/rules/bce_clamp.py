"""XE110: binary cross entropy on probabilities that have rounded to 0 or 1."""

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule


@rule(
    "XE110",
    "bce-clamp",
    Severity.WARNING,
    losses=("binary_cross_entropy",),
    fix="""
    loss = xent.binary_cross_entropy_with_logits(logits, target)  # exact at any logit
    """,
)
def bce_clamp(call: Call) -> Evidence | None:
    """Probabilities of exactly 0 or 1 are on the wrong side, and their loss is the clamp's 100.

    Why:
        A loss of exactly 100 is a constant: torch holds the logarithm at -100. The gradient with respect to the
        probability is 1e12 there, and nothing comes of it, since the sigmoid that rounded to 0 or 1 has slope 0: the
        examples that the model has most wrong are those that it cannot learn from. In float32 a sigmoid is 1 from a
        logit of 17 on, in float16 from 8.3 on.

    Told by:
        Numbers of the input that are exactly 0 where the target is above 0, or exactly 1 where it is below 1.
    """
    facts = call.facts
    if facts.targets is None:
        return None
    wrong = ((facts.rows == 0) & (facts.targets > 0)) | ((facts.rows == 1) & (facts.targets < 1))
    clamped = int((wrong & facts.counted_elements).sum())
    if not clamped:
        return None
    elements = int(facts.counted_elements.sum())
    return Evidence(
        f"{clamped} of the {elements} probabilities looked at are exactly 0 or 1 against their target: "
        "the logarithm is held at -100 there, and no gradient gets through the sigmoid",
        {"clamped": float(clamped), "elements": float(elements)},
    )
