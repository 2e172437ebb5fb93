"""XE213: a softmax says which one of the classes, and the rows have several or none."""

import torch

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule

# Rows that are asked for: fewer may sum to 1 by chance.
FEWEST = 4

# Share of rows with several labels or none; a stray one is a mistake of another kind.
SHARE = 0.02


@rule(
    "XE213",
    "softmax-of-multi-label",
    Severity.WARNING,
    losses=("predictions", "binary_cross_entropy"),
    fix="""
    probabilities = logits.sigmoid()  # of every class by itself
    """,
)
def softmax_of_multi_label(call: Call) -> Evidence | None:
    """Probabilities of labels that do not exclude one another come from a softmax.

    Why:
        All classes of a row share a probability of 1. With three labels none can have more than 1/3 if all are to
        be alike, and a row with no label must still give 1 away: a threshold of .5 finds one label at most. A model
        that was trained with binary cross entropy is evaluated with the sigmoid of its logits.

    Told by:
        Every row of the predictions lies in [0, 1] and sums to 1, rows differ, and at least 2% of the rows of
        indicators have several ones or none.
    """
    facts = call.facts
    targets = facts.targets
    if targets is None or len(targets) < FEWEST or not facts.rows_are_probabilities:
        return None
    indicators = bool(((targets == 0) | (targets == 1)).all())
    if not indicators or torch.equal(facts.rows[:1].expand_as(facts.rows), facts.rows):
        return None
    labels = targets.sum(-1)
    several, none = int((labels > 1).sum()), int((labels == 0).sum())
    if several + none < max(1, SHARE * len(labels)):
        return None
    return Evidence(
        f"every row of the probabilities sums to 1 (to {facts.sum_error:.1g}), but of {len(labels)} rows {several} "
        f"have several labels and {none} have none",
        {"rows": float(len(labels)), "several": float(several), "none": float(none), "sum_error": facts.sum_error},
    )
