"""XE310: class weights that hardly differ, though the counts do."""

import math

from xent.linter.call import OF_LABELS, Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule
from xent.linter.weights import class_weights, spread, training_counts

# Largest over smallest count from which classes are to be told apart.
IMBALANCE = 10.0

# The part of the imbalance, on the logarithmic scale, below which weights do nothing: of 100 they leave 79.
PART = 0.05

# Weights that differ by less than this factor are equal; unless a beta made them, that is XE301's.
EQUAL = 1 + 1e-5


@rule(
    "XE310",
    "class-balanced-beta-too-small",
    Severity.WARNING,
    losses=OF_LABELS,
    fix="""
    beta = 1 - 1 / counts.max()  # classes with many more rows than 1 / (1 - beta) are not told apart
    loss = xent.class_balanced_loss(logits, target, counts=counts, beta=float(beta))
    """,
)
def class_balanced_beta_too_small(call: Call) -> Evidence | None:
    """The class weights are nearly equal, though the counts are far from it: a beta that is too small.

    Why:
        The weights correct next to nothing, and the loss is plain cross entropy. Weights by the effective number,
        (1 - beta) / (1 - beta^n), are equal for all classes with many more rows than 1 / (1 - beta): beta = .99 does
        not tell 1000 rows from 100000.

    Told by:
        The training counts differ by a factor of 10 or more, and the weights by less than 5 % of that on the
        logarithmic scale; weights that are all equal count if a ``beta`` of the loss made them.
    """
    weight, counts = class_weights(call), training_counts(call)
    if weight is None or counts is None or spread(counts) < IMBALANCE:
        return None
    of_weights, of_counts = spread(weight), spread(counts)
    beta = getattr(call.module, "beta", None)
    by_beta = isinstance(beta, float)
    if math.log(of_weights) > PART * math.log(of_counts) or (of_weights < EQUAL and not by_beta):
        return None
    cause = f" (beta = {beta:g})" if by_beta else ""
    return Evidence(
        f"the largest class weight is {of_weights:.3g} times the smallest{cause}, the largest count {of_counts:.3g} "
        "times the smallest",
        {"weights": of_weights, "counts": of_counts},
    )
