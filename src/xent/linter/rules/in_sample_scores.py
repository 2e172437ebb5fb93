"""XE709: scores of the very rows that the model was trained on."""

import torch

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule

# Equal counts may be the same in training and test.
IMBALANCE = 1.05

# Nats, below which the mean cross entropy says that the rows were learned by heart, and the least accuracy.
LEARNED, RIGHT = 0.05, 0.99


@rule(
    "XE709",
    "in-sample-scores",
    Severity.INFO,
    losses=("predictions",),
    fix="""
    # out of five folds: no row is scored by a model that was trained on it
    # sklearn.model_selection.cross_val_predict(model, x, y, cv=5, method="predict_proba")
    """,
)
def in_sample_scores(call: Call) -> Evidence | None:
    """The predictions are of the rows that the model was trained on, which it has learned by heart.

    Why:
        Their losses are close to 0 everywhere, wrong labels among them. A model that has learned its rows by heart
        agrees with wrong labels too, so that scores for label noise, calibration and temperature read off these rows
        say nothing. Score every row by a model that has not seen it.

    Told by:
        The labels come exactly as often as in training, class by class, though not all equally often; 99 % of the
        rows are right, with a mean cross entropy below .05. Without training counts it is not told: an easy problem
        has losses close to 0 on new rows, too.
    """
    counts, predicted, labels = call.counts, call.facts.predicted, call.facts.label_counts
    if counts is None or predicted is None or labels is None or not torch.equal(counts.cpu(), labels.cpu()):
        return None
    log_p, own = predicted
    if float(counts.max()) < IMBALANCE * float(counts.min()) or not len(own):
        return None
    loss = -float(log_p.gather(1, own[:, None]).mean())
    right = float((log_p.argmax(1) == own).double().mean())
    if loss > LEARNED or right < RIGHT:
        return None
    return Evidence(
        f"the labels of the {float(labels.sum()):.0f} rows come exactly as often as in training, class by class, and "
        f"{right:.1%} are right with a mean cross entropy of {loss:.2g}",
        {"rows": float(labels.sum()), "accuracy": right, "cross_entropy": loss},
        probable=True,
    )
