"""XE301: class weights that the weighted mean divides out again."""

from torch import Tensor

from xent.linter.call import OF_LABELS, Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule
from xent.linter.weights import class_weights, spread, training_counts

# Weights that differ by less than this factor are equal: they came out of float32.
EQUAL = 1 + 1e-5

# A batch of several rows may be of one class by chance; below this probability it was not.
CHANCE = 1e-6


@rule(
    "XE301",
    "weights-do-nothing",
    Severity.WARNING,
    losses=OF_LABELS,
    fix="""
    # weights that differ between classes, and a mean over rows
    loss = xent.cross_entropy(logits, target, weight=weight, reduction="sum") / len(target)
    """,
)
def weights_do_nothing(call: Call) -> Evidence | None:
    """Class weights are given, and the mean divides them out again.

    Why:
        The weighted mean divides by the sum of the weights of its rows. Where all these weights are one number, that
        number cancels: in a batch of one row, in a batch of one class, and where all classes weigh the same. What
        counts is a row's weight over the mean weight of its batch, and that is 1 here. So gradient accumulation over
        batches of one row trains without weights, whatever is passed; divide by the rows, or pass ``normalizer=``.

    Told by:
        ``reduction="mean"``, labels that are indices, no label smoothing, and: all weights are equal (and not 1); or
        the batch has a single row; or all its rows have one label, which under the training counts would happen less
        than once in a million batches. Without counts, several rows of one label prove nothing.
    """
    weight, labels = class_weights(call), call.facts.label_counts
    if weight is None or labels is None or not _weighted_mean(call):
        return None
    if spread(weight) < EQUAL:
        return _equal(float(weight[0]))
    present = labels.nonzero().flatten()
    if len(present) != 1:
        return None
    return _one_label(call, weight, int(present), float(labels.sum()))


def _weighted_mean(call: Call) -> bool:
    return call.reduction == "mean" and call.normalizer is None and call.label_smoothing == 0


def _equal(weight: float) -> Evidence | None:
    if 1 / EQUAL < weight < EQUAL:
        return None
    return Evidence(
        f"all class weights are {weight:.4g}, and the mean divides by it: every row counts 1 time the mean",
        {"weight": weight, "multiplier": 1.0},
    )


def _one_label(call: Call, weight: Tensor, label: int, rows: float) -> Evidence | None:
    counts = training_counts(call)
    if rows > 1 and (counts is None or _chance(counts, label, rows) > CHANCE):
        return None
    own = float(weight[label])
    what = "the batch has one row" if rows == 1 else f"all {rows:.0f} rows of the batch have label {label}"
    return Evidence(
        f"{what}: its weight {own:.4g}, {own / float(weight.mean()):.3g} times the mean weight of a class, is divided "
        "by itself",
        {"weight": own, "rows": rows, "multiplier": 1.0},
    )


def _chance(counts: Tensor, label: int, rows: float) -> float:
    """The probability that all of so many rows have this label, for any of the labels that it may have been."""
    share = float(counts[label] / counts.sum())
    return float(len(counts) * share**rows)
