"""XE706: the probabilities went through a second softmax."""

import math

import torch

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule

ROWS = 50

# Spread of the log-probabilities in a row: 1 is its limit. A good part of the rows must come close to it.
NEAR, SHARE = 0.8, 0.1

# Standard deviations by which the predictions must be better than chance.
SIGNIFICANT = 6.0


@rule(
    "XE706",
    "softmaxed-twice",
    Severity.ERROR,
    losses=("predictions",),
    fix="""
    probabilities = model(x)  # which ends in a softmax already
    """,
)
def softmaxed_twice(call: Call) -> Evidence | None:
    """The saved probabilities are the softmax of probabilities.

    Why:
        They are nearly uniform, however sure the model is: in a row, the largest is at most e = 2.718 times the
        smallest. The order of the classes is right, and with it the accuracy; cross entropy, calibration and every
        threshold are not. The probabilities themselves can be had back: log p, shifted so that it sums to 1.

    Told by:
        Rows of probabilities, of which log p, shifted to sum to 1, lies in [0, 1] everywhere, as that of a softmax of
        probabilities does. In a tenth of them or more the largest log p is .8 or more above the smallest, and the
        accuracy is better than chance by six standard deviations.
    """
    predicted = call.facts.predicted
    if predicted is None or len(predicted[1]) < ROWS or not _are_probabilities(call):
        return None
    log_p, labels = predicted
    classes = log_p.shape[1]
    inner = log_p + (1 - log_p.sum(1, keepdim=True)) / classes
    slack = 4 * call.facts.tolerance
    if float(inner.min()) < -slack or float(inner.max()) > 1 + slack:
        return None
    spread = log_p.amax(1) - log_p.amin(1)
    near = float((spread >= NEAR).double().mean())
    accuracy = float((log_p.argmax(1) == labels).double().mean())
    largest = float(torch.bincount(labels).max()) / len(labels)
    deviations = (accuracy - largest) / math.sqrt(largest * (1 - largest) / len(labels) + 1e-12)
    if near < SHARE or deviations < SIGNIFICANT:
        return None
    return Evidence(
        f"in every row, the largest probability is at most {math.exp(float(spread.max())):.3f} times the smallest (e "
        f"is 2.718), while {accuracy:.1%} of the rows are right",
        {"spread": float(spread.max()), "near": near, "accuracy": accuracy},
    )


def _are_probabilities(call: Call) -> bool:
    return call.kind in ("probabilities", "log-probabilities") or call.facts.rows_are_probabilities
