"""XE306: pos_weight is positives over negatives instead of negatives over positives."""

import torch
from torch import Tensor

from xent.core.event import NLL
from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule
from xent.linter.statistics import line
from xent.linter.weights import pos_weights, spread, training_counts

# Elements of either side that a class needs in the batch for its odds to say something.
LEAST = 5

# By how much the weights must be likelier as odds than as inverse odds, in nats.
LIKELIER = 20.0

# How far a weight may lie from the odds, on the logarithmic scale, and how far the odds must lie from 1.
NEAR, UNEVEN = 0.5, 0.5

# With counts: classes, imbalance, and how strictly weights must follow counts on logarithmic scales.
CLASSES, IMBALANCE, CORRELATION, SLOPE = 4, 2.0, 0.95, 0.5


@rule(
    "XE306",
    "pos-weight-upside-down",
    Severity.ERROR,
    losses=("binary_cross_entropy_with_logits",),
    fix="""
    pos_weight = (rows - counts) / counts  # negatives over positives
    loss = xent.binary_cross_entropy_with_logits(logits, target, pos_weight=pos_weight)
    """,
)
def pos_weight_upside_down(call: Call) -> Evidence | None:
    """pos_weight is positives over negatives, where negatives over positives was meant.

    Why:
        The rarer a class, the less its positives count, so that it is hardly ever predicted. ``pos_weight`` multiplies
        the loss of the positives; to make up for their rarity it has to be above 1. Turned upside down it cost 7.7
        points of mean average precision on real data.

    Told by:
        The odds of the positives in the batch, over all classes with five elements of either side: the weights lie
        near them (within a factor of 1.65 in the middle), and are likelier to be made of them than of their inverse by
        e^20. Or the line of log weight on log n, with the training counts where they are given and four classes or
        more: it rises by .5 or more, with a correlation of at least .95.
    """
    weight = pos_weights(call)
    if weight is None or (call.event is not NLL and call.event != NLL):
        return None
    return _against_counts(call, weight) or _against_batch(call, weight)


def _against_counts(call: Call, weight: Tensor) -> Evidence | None:
    counts = training_counts(call)
    if counts is None or len(counts) < CLASSES or spread(counts) < IMBALANCE or spread(weight) < IMBALANCE**SLOPE:
        return None
    found = line(counts.log(), weight.log())
    if found.correlation < CORRELATION or found.slope < SLOPE:
        return None
    return Evidence(
        f"`pos_weight` grows with the training counts, like n^{found.slope:.2g} (correlation of the logarithms "
        f"{found.correlation:.2f})",
        {"slope": found.slope, "correlation": found.correlation},
        probable=True,
    )


def _against_batch(call: Call, weight: Tensor) -> Evidence | None:
    if call.facts.positives is None:
        return None
    positives, elements = call.facts.positives
    told = (positives >= LEAST) & (elements - positives >= LEAST)
    if not bool(told.any()):
        return None
    positives, elements, weight = positives[told], elements[told], weight[told].log()
    odds = torch.log(positives / (elements - positives))
    certainty = positives * (elements - positives) / elements  # the inverse variance of the log odds
    likelier = float((certainty * ((weight + odds).square() - (weight - odds).square())).sum()) / 2
    distance = float((weight - odds).abs().median())
    if likelier < LIKELIER or distance > NEAR or float(odds.abs().median()) < UNEVEN:
        return None
    rarest = int(odds.argmin())
    return Evidence(
        f"`pos_weight` follows positives over negatives: it is {float(weight[rarest].exp()):.3g} for a class with "
        f"{positives[rarest]:.0f} positives and {elements[rarest] - positives[rarest]:.0f} negatives in the batch",
        {"log_likelihood_ratio": likelier, "distance": distance, "classes": float(len(odds))},
        probable=True,
    )
