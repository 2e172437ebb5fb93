"""XE104: cross entropy takes the log-softmax itself; a second one changes nothing."""

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule

# Rows of logits may have a log-sum of 0 by chance; four of them do not.
FEWEST = 4


@rule(
    "XE104",
    "log-softmax-before-cross-entropy",
    Severity.INFO,
    losses=("cross_entropy",),
    fix="""
    logits = model(x)  # without log_softmax
    loss = xent.cross_entropy(logits, target)
    """,
)
def log_softmax_before_cross_entropy(call: Call) -> Evidence | None:
    """The input of cross entropy has been through a log-softmax already.

    Why:
        It is harmless: the log-softmax of log-probabilities is the same log-probabilities. It costs a pass over the
        logits in either direction, it rounds half-precision logits once more, and a z_loss sees nothing to hold on to.
        Either leave it out, or take nll_loss, which is the second half of cross entropy.

    Told by:
        The autograd graph of the input ends in a log-softmax, or no number is above 0 and the exponentials of every
        row (four at least) sum to 1. A softcap, which a log-softmax does change, is left alone.
    """
    facts = call.facts
    if call.transform.softcap is not None:
        return None
    seen = "the input was made by a log-softmax"
    if facts.made_by != "LogSoftmaxBackward0":
        if len(facts.rows) < FEWEST or not facts.rows_are_log_probabilities:
            return None
        seen = f"the exponentials of each of the {len(facts.rows)} rows looked at sum to 1"
    off = float(facts.log_sums.abs().max()) if len(facts.rows) else 0.0
    return Evidence(f"{seen} (their log-sums are 0 to {off:.1g})", {"rows": float(len(facts.rows)), "log_sum": off})
