"""XE503: a reported cross entropy is in another unit than the loss."""

import math

from xent.linter.call import BINARY, OF_LABELS, Call
from xent.linter.finding import Evidence, Severity
from xent.linter.plain import plain_losses
from xent.linter.rule import rule

# How exactly the ratio must be ln 2: four digits of a reported number, hardly any number by chance.
EXACTNESS = 3e-4

# Below, a loss in float32 is nothing but rounding.
SMALLEST = 1e-8

FEWEST = 4


@rule(
    "XE503",
    "bits-taken-for-nats",
    Severity.WARNING,
    losses=(*OF_LABELS, *BINARY, "predictions"),
    fix="""
    nats = value * 0.6931471805599453  # ln 2: one bit is 0.6931 nats; perplexity is exp(nats) = 2 ** bits
    """,
)
def bits_taken_for_nats(call: Call) -> Evidence | None:
    """The reported value is this batch's cross entropy in bits, and was taken for nats (or divided by ln 2 wrongly).

    Why:
        The number is off by the factor 1.4427, or 0.6931. All losses here and in torch are in nats, log-losses of
        information theory and of compression often in bits. Perplexities, comparisons with the entropy of the labels
        and early-stopping thresholds inherit the factor, in the exponent even.

    Told by:
        A reported value, and the mean (sum, if that is the reduction) of -log p over the same rows: their ratio is
        0.6931 or 1.4427 to three parts in ten thousand. Losses without weights only; with
        label smoothing, if there is any.
    """
    losses = plain_losses(call)
    if losses is None or call.weight is not None or call.value is None or call.value.numel() != 1:
        return None
    if call.reduction not in ("mean", "sum") or len(losses.values) < FEWEST:
        return None
    nats = float(losses.values.sum() if call.reduction == "sum" else losses.values.mean())
    value = float(call.value.detach())
    if not (math.isfinite(nats) and math.isfinite(value) and min(nats, value) > SMALLEST):
        return None
    ratio = nats / value
    numbers = {"value": value, "nats": nats, "ratio": ratio}
    if math.isclose(ratio, math.log(2), rel_tol=EXACTNESS):
        seen = f"{value:.5g} was reported, and the loss is {nats:.5g} nats = {nats / math.log(2):.5g} bits"
    elif math.isclose(ratio, 1 / math.log(2), rel_tol=EXACTNESS):
        seen = f"{value:.5g} was reported, which is the loss, {nats:.5g} nats, times ln 2 once too often"
    else:
        return None
    return Evidence(f"{seen} (ratio {ratio:.4f})", numbers, probable=True)
