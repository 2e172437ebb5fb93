"""XE707: predictions are not what they were said to be."""

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule

# Numbers that must lie in [0, 1] before logits of multi-label predictions are taken for probabilities.
NUMBERS = 100

# Rows that must sum to 1: in half precision, a row of two logits may by chance.
ROWS = 4

# Probabilities of a row may be rounded, or cut to a few digits in a file: by this much their sum may miss 1.
SLACK = 0.05


@rule(
    "XE707",
    "kind-contradicted",
    Severity.ERROR,
    losses=("predictions",),
    fix="""
    found = xent.lint(probabilities, target, loss=None, kind="probabilities")  # or "logits", "log-probabilities"
    """,
)
def kind_contradicted(call: Call) -> Evidence | None:
    """The predictions are said to be logits, probabilities or log-probabilities, and are something else.

    Why:
        Every number that is computed from them is wrong. Probabilities that are read as logits become nearly uniform;
        logits that are read as probabilities have no logarithm.

    Told by:
        Said to be logits: every row (of four or more) lies in [0, 1] and sums to 1; of multi-label rows, all of 100
        numbers or more lie in [0, 1].
        Said to be probabilities: a number outside [0, 1], or a row of one label whose sum misses 1 by more than .05.
        Said to be log-probabilities: a number above 0. Log-probabilities that are said to be logits are no mistake:
        the softmax leaves them as they are.
    """
    facts = call.facts
    if call.kind is None or facts.rows.numel() == 0:
        return None
    seen = {"logits": _not_logits, "probabilities": _not_probabilities, "log-probabilities": _not_logarithms}
    found = seen[call.kind](call)
    if found is None:
        return None
    return Evidence(found, {"lowest": facts.lowest, "highest": facts.highest, "sum_error": facts.sum_error})


def _not_logits(call: Call) -> str | None:
    facts = call.facts
    if facts.rows_are_probabilities and len(facts.rows) >= ROWS:
        return f"they are said to be logits, and every row lies in [0, 1] and sums to 1 (to {facts.sum_error:.1g})"
    inside = facts.lowest >= 0 and facts.highest <= 1
    if facts.targets is not None and inside and facts.rows.numel() >= NUMBERS:
        return f"they are said to be logits, and all lie in [0, 1], from {facts.lowest:.3g} to {facts.highest:.3g}"
    return None


def _not_probabilities(call: Call) -> str | None:
    facts = call.facts
    if facts.lowest < -facts.tolerance or facts.highest > 1 + facts.tolerance:
        return f"they are said to be probabilities, and lie between {facts.lowest:.4g} and {facts.highest:.4g}"
    if facts.labels is not None and facts.classes > 1 and facts.sum_error > SLACK + facts.tolerance:
        return f"they are said to be probabilities, and the sum of a row misses 1 by {facts.sum_error:.3g}"
    return None


def _not_logarithms(call: Call) -> str | None:
    if call.facts.highest <= call.facts.tolerance:
        return None
    return f"they are said to be log-probabilities, and the largest is {call.facts.highest:.4g}, above 0"
