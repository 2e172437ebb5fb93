"""XE305: class weights that grow with the counts."""

import math

import torch
from torch import Tensor

from xent.linter.call import OF_LABELS, Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule
from xent.linter.statistics import line
from xent.linter.weights import class_weights, spread, training_counts

# Weights and counts that differ by less than this factor say nothing.
UNEQUAL = 1.5

# On logarithmic scales: how strictly weights must follow counts, and how steeply.
CORRELATION = 0.8
SLOPE = 0.3

# Two or three points lie near many lines; only weights made of the counts themselves (or their roots) count then.
FEW, NEAR = 3, 0.05

# Standard deviations by which a batch's rows must weigh more than classes do.
SIGNIFICANT = 6.0


@rule(
    "XE305",
    "weights-upside-down",
    Severity.ERROR,
    losses=OF_LABELS,
    fix="""
    weight = xent.imbalance.inverse_frequency(counts)  # rare classes count more
    loss = xent.cross_entropy(logits, target, weight=weight)
    """,
)
def weights_upside_down(call: Call) -> Evidence | None:
    """The class weights grow with the counts: frequent classes count even more.

    Why:
        Such weights make the imbalance worse instead of correcting it. Training then sees the prior weight * n, which
        is more skewed than n: with weights proportional to n, an imbalance of 10 acts like one of 100.

    Told by:
        The line of log weight on log n, with the training counts where they are given: it rises by .3 or more, with a
        correlation of at least .8 (for two or three classes: weights like n or its root, to 5 %). Without counts, the
        labels of the batch, if its rows weigh more than its classes do by six standard deviations.
    """
    weight = class_weights(call)
    if weight is None or spread(weight) < UNEQUAL:
        return None
    counts = training_counts(call)
    return _against_batch(call, weight) if counts is None else _against_counts(weight, counts)


def _against_counts(weight: Tensor, counts: Tensor) -> Evidence | None:
    if spread(counts) < UNEQUAL:
        return None
    found = line(counts.log(), weight.log())
    if not _rises(found.slope, found.correlation, len(weight)):
        return None
    before, after = spread(counts), spread(weight * counts)
    return Evidence(
        f"the weights grow with the training counts, like n^{found.slope:.2g} (correlation of the logarithms "
        f"{found.correlation:.2f}): an imbalance of {before:.3g} acts like one of {after:.3g}",
        {
            "slope": found.slope,
            "correlation": found.correlation,
            "imbalance": before,
            "weighted_imbalance": after,
        },
        probable=True,
    )


def _rises(slope: float, correlation: float, classes: int) -> bool:
    if classes <= FEW:
        return correlation > 0.99 and min(abs(slope - 1), abs(slope - 0.5)) < NEAR
    return correlation >= CORRELATION and slope >= SLOPE


def _against_batch(call: Call, weight: Tensor) -> Evidence | None:
    labels = call.facts.label_counts
    if labels is None or len(weight) <= FEW:
        return None
    labels = labels.cpu()
    rows = float(labels.sum())
    mean, deviation = float(weight.mean()), float(weight.std(correction=0))
    of_rows = float((labels * weight).sum()) / max(rows, 1.0)
    excess = (of_rows - mean) / deviation * math.sqrt(rows)
    # Rare classes may be missing from a batch: half a row keeps the logarithm, and makes the line less steep.
    found = line(torch.log(labels + 0.5), weight.log())
    if excess < SIGNIFICANT or not _rises(found.slope, found.correlation, len(weight)):
        return None
    return Evidence(
        f"the weights grow with the labels of the batch: its {rows:.0f} rows weigh {of_rows:.3g} on average, its "
        f"classes {mean:.3g} ({excess:.0f} standard deviations)",
        {"row_mean": of_rows, "class_mean": mean, "deviations": excess, "correlation": found.correlation},
        probable=True,
    )
