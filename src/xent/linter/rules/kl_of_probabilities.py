"""XE106: kl_div takes the logarithms of the model's probabilities, and was given something else."""

import torch

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule

# By how much the exponentials of a row may exceed 1 (its log-sum 0) in code that clips or mixes: 5 %.
SLACK = 0.05


@rule(
    "XE106",
    "kl-of-probabilities",
    Severity.ERROR,
    losses=("kl_div",),
    fix="""
    loss = xent.kl_div(logits.log_softmax(dim=-1), target, reduction="batchmean")
    """,
)
def kl_of_probabilities(call: Call) -> Evidence | None:
    """The input of kl_div is no log-probabilities, but probabilities or raw logits.

    Why:
        The number is no divergence: kl_div takes no logarithm of its input, only of its target. Given probabilities it
        returns sum t*(log t - p), which is never above 0; a divergence is never below. Minimising it does not bring
        the two together.

    Told by:
        Every row lies in [0, 1] and sums to 1, or the graph of the input ends in a softmax: probabilities. A linear
        layer made the input: raw logits; probably so if the exponentials of some row sum to more than 1.05 along the
        last axis (inputs of one or two axes only).
    """
    facts = call.facts
    if not facts.rows.numel() or facts.made_by == "LogSoftmaxBackward0":
        return None
    highest = float(torch.nan_to_num(facts.log_sums, nan=-torch.inf).max())
    numbers = {"log_sum": highest, "lowest": facts.lowest, "highest": facts.highest}
    if facts.rows_are_probabilities or facts.made_by == "SoftmaxBackward0":
        return Evidence(
            f"the input holds probabilities, from {facts.lowest:.3g} to {facts.highest:.3g}, not their logarithms: "
            "the value cannot be above 0",
            numbers,
        )
    if facts.made_by_layer:
        return Evidence(f"the input was made by a layer ({facts.made_by}), without a log-softmax after it", numbers)
    if call.input.ndim > 2 or not highest > SLACK + facts.log_tolerance:
        return None
    return Evidence(
        f"the input holds raw logits, not log-probabilities: the exponentials of a row sum to up to exp({highest:.3g})",
        numbers,
        probable=True,
    )
