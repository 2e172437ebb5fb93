"""XE401: label smoothing gives every class some probability, also those that were masked."""

import torch

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule


@rule(
    "XE401",
    "label-smoothing-of-removed-class",
    Severity.ERROR,
    losses=("cross_entropy",),
    fix="""
    loss = xent.cross_entropy(logits, target, label_smoothing=0.1)  # what is smoothed goes to the classes that remain
    """,
)
def label_smoothing_of_removed_class(call: Call) -> Evidence | None:
    """Classes are masked with -inf, and label smoothing asks for a probability above 0.

    Why:
        The loss is infinite, and so is the mean of every batch that has such a row. Label smoothing gives every class
        eps/C of the target, and a class whose logit is -inf has probability 0, whatever the model does. xent takes a
        class at -inf for removed, as with ``valid_classes``: what is smoothed is shared by those that remain.

    Told by:
        The loss is torch's own, ``label_smoothing`` is above 0, and rows that count have -inf at a class that is not
        their label.
    """
    facts = call.facts
    if not call.is_torchs or not call.label_smoothing or facts.classes < 2:
        return None
    masked = torch.isneginf(facts.rows)
    if facts.labels is not None:
        own = facts.labels.clamp(0, facts.classes - 1).unsqueeze(1)
        masked = masked.scatter(1, own, False)
    rows = masked[facts.counted].any(-1)
    if not bool(rows.any()):
        return None
    count, classes = int(rows.sum()), int(masked[facts.counted].any(0).sum())
    return Evidence(
        f"{count} of {len(rows)} rows have -inf at one of {classes} classes beside their label, and "
        f"label_smoothing={call.label_smoothing:g} asks for {call.label_smoothing / facts.classes:.2g} there: "
        "the loss is inf",
        {"rows": float(len(rows)), "masked_rows": float(count), "masked_classes": float(classes)},
    )
