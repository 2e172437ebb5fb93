"""XE105: nll_loss takes log-probabilities, and was given something else."""

import math

import torch

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule

# By how much the exponentials of a row may exceed 1 (its log-sum 0) in code that clips or mixes: 5 %.
SLACK = 0.05


@rule(
    "XE105",
    "nll-without-log-probabilities",
    Severity.ERROR,
    losses=("nll_loss",),
    fix="""
    loss = xent.cross_entropy(logits, target)  # or nll_loss(logits.log_softmax(dim=1), target)
    """,
)
def nll_without_log_probabilities(call: Call) -> Evidence | None:
    """The input of nll_loss is no log-probabilities, but probabilities or raw logits.

    Why:
        The loss is not a cross entropy: nll_loss takes no logarithm and no softmax, it picks the label's number and
        turns its sign. A negative loss says so. Of probabilities it makes minus the label's mean probability, whose
        gradient is smallest where the model is most wrong; of raw logits a number without a lower bound.

    Told by:
        Every row lies in [0, 1] and sums to 1, or the graph of the input ends in a softmax: probabilities. A linear
        layer made the input, or the exponentials of some row sum to more than 1.05: raw logits. Rows that sum to less
        than 1, as of a mixture with classes masked out, are left alone.
    """
    facts = call.facts
    rows = facts.rows[facts.counted]
    if not rows.numel() or facts.made_by == "LogSoftmaxBackward0":
        return None
    log_sums = facts.log_sums[facts.counted]
    highest = float(torch.nan_to_num(log_sums, nan=-torch.inf).max())
    numbers = {"log_sum": highest, "highest": facts.highest}
    if facts.rows_are_probabilities or facts.made_by == "SoftmaxBackward0":
        return Evidence(
            "the input holds probabilities, not their logarithms: every row lies in [0, 1] and sums to 1, "
            "so that the loss lies between -1 and 0",
            numbers,
        )
    above = int((log_sums > SLACK + facts.log_tolerance).sum())
    if not above and not facts.made_by_layer:
        return None
    seen = f"in {above} of {len(rows)} rows the exponentials sum to more than 1, up to exp({highest:.3g})"
    seen = seen if above else f"a layer ({facts.made_by}) made the input"
    positive = float((rows > 0).double().mean()) if math.isfinite(highest) else 0.0
    return Evidence(
        f"the input holds raw logits, not log-probabilities: {seen}; {positive:.0%} of the numbers are above 0",
        {**numbers, "above": float(above), "positive": positive},
    )
