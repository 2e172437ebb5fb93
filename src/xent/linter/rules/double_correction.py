"""XE311: an imbalance that is corrected twice."""

from torch import Tensor

from xent.linter.call import OF_LABELS, Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule
from xent.linter.statistics import HeadShare, head_share, line
from xent.linter.weights import class_offset, class_weights, pos_weights, spread, training_counts

# Largest over smallest count from which there is something to correct.
IMBALANCE = 3.0

# On logarithmic scales: how strictly a correction must follow the counts, and how steeply.
CORRELATION, SLOPE = 0.9, 0.3

# All corrections together correct this many times at least; 1 is right. Multi-label rows of rare labels have frequent
# ones too, so that a sampler goes a part of the way only.
TWICE = 1.25

# Standard deviations of the batch from the training counts.
OVERWHELMING = 8.0


@rule(
    "XE311",
    "double-correction",
    Severity.ERROR,
    losses=(*OF_LABELS, "binary_cross_entropy_with_logits"),
    fix="""
    # one correction: a balanced sampler with the plain loss, or plain sampling with a loss that corrects
    loss = xent.balanced_softmax_loss(logits, target, counts=counts)
    """,
)
def double_correction(call: Call) -> Evidence | None:
    """The imbalance of the classes is corrected twice: by weights, an offset of the logits, a sampler.

    Why:
        Each of them alone makes up for the imbalance; two of them turn it round, against the frequent classes. With
        long-tailed digits, a second correction took the accuracy from .844 to .74.

    Told by:
        The training counts are given, and differ by a factor of 3 or more. Class weights (or ``pos_weight``) fall with
        them, an offset grows with them, or the batch was balanced by a sampler: its share of the frequent classes lies
        eight standard deviations below that of the training counts. Together they correct 1.25 times or more, where
        weights like n^-a and an offset of a log n correct a times, and a batch as far as it has gone to balance.
    """
    counts = training_counts(call)
    if counts is None or spread(counts) < IMBALANCE:
        return None
    by_weight, by_offset = _corrections(call, counts)
    if by_weight and by_offset and by_weight + by_offset >= TWICE:
        return Evidence(
            f"the class weights go like n^-{by_weight:.2g}, and the offset of the logits like {by_offset:.2g} log n",
            {"weight": by_weight, "offset": by_offset},
            probable=True,
        )
    return _sampled(call, counts, by_weight, by_offset) if by_weight or by_offset else None


def _corrections(call: Call, counts: Tensor) -> tuple[float, float]:
    """By which power of n weights and offset correct, 0 for not at all."""
    weight = pos_weights(call) if call.is_binary else class_weights(call)
    by_weight = 0.0 if weight is None else -_slope(counts, weight.log(), -1)
    offset = None if call.is_binary else class_offset(call)
    return by_weight, 0.0 if offset is None else _slope(counts, offset, 1)


def _slope(counts: Tensor, values: Tensor, sign: int) -> float:
    found = line(counts.log(), values)
    follows = sign * found.correlation >= CORRELATION and sign * found.slope >= SLOPE
    return found.slope if follows else 0.0


def _sampled(call: Call, counts: Tensor, by_weight: float, by_offset: float) -> Evidence | None:
    """Whether a balanced sampler drew the batch."""
    labels = call.facts.positives[0] if call.facts.positives is not None else call.facts.label_counts
    head = None if labels is None else head_share(labels.cpu(), counts)
    if head is None or -head.from_counts < OVERWHELMING or head.way + by_weight + by_offset < TWICE:
        return None
    return _evidence(head, by_weight, by_offset)


def _evidence(head: HeadShare, by_weight: float, by_offset: float) -> Evidence:
    what = f"the weights go like n^-{by_weight:.2g}" if by_weight else f"the offset goes like {by_offset:.2g} log n"
    return Evidence(
        f"{what}, and the batch is balanced already: its share of the frequent classes is {head.seen:.2f}, by the "
        f"training counts {head.as_counted:.2f}, if all came equally often {head.if_balanced:.2f}",
        {"weight": by_weight, "offset": by_offset, "share": head.seen, "share_by_counts": head.as_counted},
        probable=True,
    )
