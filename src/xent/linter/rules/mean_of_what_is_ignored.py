"""XE504: a reported mean divides by something else than the loss's own denominator."""

import math

from torch import Tensor

from xent.linter.call import BINARY, OF_LABELS, Call
from xent.linter.finding import Evidence, Severity
from xent.linter.plain import PlainLosses, plain_losses
from xent.linter.rule import rule

# How exactly the reported value must be what is named, and how far that must be from the true one.
EXACTNESS = 5e-4
APART = 1e-2

# Below, a loss in float32 is nothing but rounding.
SMALLEST = 1e-8

FEWEST = 4


@rule(
    "XE504",
    "mean-of-what-is-ignored",
    Severity.ERROR,
    losses=(*OF_LABELS, *BINARY, "predictions"),
    fix="""
    counted = target != -100
    loss = xent.cross_entropy(logits, target, reduction="sum") / counted.sum()  # or reduction="mean"
    """,
)
def mean_of_what_is_ignored(call: Call) -> Evidence | None:
    """The reported value has another denominator than the loss: it counts ignored rows, or does not divide at all.

    Why:
        The number falls with the share of padding, and so does a gradient that was scaled alike. The mean of a
        cross entropy is over the rows that are not ignored, and with class weights over the sum of the weights of the
        labels. Batches with more padding then seem easier, and two runs with other batch sizes cannot be compared.

    Told by:
        A reported value, with reduction "mean", that is (to five parts in ten thousand) the sum over the rows that
        count divided by all rows, or the sum itself, or the weighted sum divided by the number of rows; and that
        differs from the loss's own mean by more than a percent.
    """
    losses = plain_losses(call)
    if losses is None or call.value is None or call.value.numel() != 1 or call.reduction != "mean":
        return None
    if len(losses.values) < FEWEST:
        return None
    weights = _weights(call, losses)
    total = float((losses.values * weights).sum())
    mean, value = total / (float(weights.sum()) or math.nan), float(call.value.detach())
    if not (SMALLEST < mean < math.inf and SMALLEST < value < math.inf) or abs(value / mean - 1) < APART:
        return None
    for name, denominator in _denominators(losses, weighted=call.weight is not None).items():
        if math.isclose(value, total / denominator, rel_tol=EXACTNESS):
            return Evidence(
                f"{value:.5g} was reported, which is {name}; the mean is {mean:.5g}",
                {"value": value, "mean": mean, "denominator": float(denominator), "counted": len(losses.values)},
                probable=True,
            )
    return None


def _weights(call: Call, losses: PlainLosses) -> Tensor:
    """The weight of each label; 1 without class weights."""
    if call.weight is None or losses.labels is None:
        return losses.values.new_ones(len(losses.values))
    return call.weight.double()[losses.labels]


def _denominators(losses: PlainLosses, weighted: bool) -> dict[str, int]:
    """What a sum may have been divided by, in words."""
    counted = len(losses.values)
    total = f"the {'weighted ' if weighted else ''}sum over the {counted} that count"
    found = {
        f"{total}, not divided": 1,
        f"{total}, divided by their number and not by the sum of their weights": counted,
    }
    if losses.everything > counted:
        found[f"{total}, divided by all {losses.everything}, the ignored ones too"] = losses.everything
    return found
