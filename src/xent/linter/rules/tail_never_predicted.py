"""XE705: classes that are never predicted, and that the model has given up on."""

import torch

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule

# Rows that a class needs, and the recall below which it is lost: with .2, all of 30 are missed once in 800 times.
ROWS, RECALL = 30, 0.05

# Share of the classes with so many rows that must be lost, and their number.
SHARE, CLASSES = 0.1, 2

# Mean probability of a lost class over its share of the rows. Early in training it is not learned either, but there the
# mean probability is near its share.
GIVEN_UP = 0.2

# Recall of the other classes, all together, and the share of all rows that the lost ones may have.
LEARNED, MOST = 0.5, 0.7


@rule(
    "XE705",
    "tail-never-predicted",
    Severity.WARNING,
    losses=("predictions",),
    fix="""
    loss = xent.balanced_softmax_loss(logits, target, counts=counts)  # instead of a loss with a bounded gradient
    """,
)
def tail_never_predicted(call: Call) -> Evidence | None:
    """Classes are hardly ever predicted, and have no probability to speak of, while the others do well.

    Why:
        The model has given these classes up, which an accuracy over all rows may hide. Noise-robust losses do so: they
        take a row that the model finds improbable for a wrong label, and all rows of a rare class look like that. With
        generalised cross entropy (q = .7) the recall of the tail was .3.

    Told by:
        Of the classes with 30 rows or more, 10 % (and at least two) are found in less than 5 % of their rows, and have
        a mean probability of less than a fifth of their share of the rows; the recall over the other classes is .5 or
        more, and they have 30 % of all rows at least. Early in training rare classes may not be predicted either, but
        they have their share of the probability.
    """
    predicted = call.facts.predicted
    if predicted is None:
        return None
    log_p, labels = predicted
    classes = log_p.shape[1]
    rows = torch.bincount(labels, minlength=classes).double()
    hits = torch.bincount(labels[log_p.argmax(1) == labels], minlength=classes).double()
    enough = rows >= ROWS
    given_up = log_p.exp().sum(0) < GIVEN_UP * rows
    lost = enough & (hits < RECALL * rows) & given_up
    others = float(hits[~lost].sum() / rows[~lost].sum().clamp(min=1))
    few = int(lost.sum()) < max(CLASSES, SHARE * int(enough.sum()))
    if few or others < LEARNED or float(rows[lost].sum()) > MOST * len(labels):
        return None
    first, of = int(lost.nonzero()[0]), int(enough.sum())
    return Evidence(
        f"{int(lost.sum())} of {of} classes with {ROWS} rows or more are predicted in {hits[lost].sum():.0f} of their "
        f"{rows[lost].sum():.0f} rows (class {first} for one), while the recall of the others is {others:.2f}",
        {"lost": float(lost.sum()), "classes": float(of), "recall": others},
    )
