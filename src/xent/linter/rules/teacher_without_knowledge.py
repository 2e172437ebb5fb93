"""XE406: a teacher that says no more than the label does."""

import torch

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule
from xent.presets import DistillationLoss

# Rows and classes from which on it is no coincidence that all other classes are alike.
ROWS = 4
CLASSES = 3

# Two logits that differ by less are alike, as a share of the distance to the first.
ALIKE = 1e-6


@rule(
    "XE406",
    "teacher-without-knowledge",
    Severity.WARNING,
    losses=("cross_entropy",),
    fix="""
    with torch.no_grad():
        teacher_logits = teacher(x)  # logits of a model that was trained without label smoothing
    loss = xent.distillation_loss(logits, teacher_logits, temperature=4.0)
    """,
)
def teacher_without_knowledge(call: Call) -> Evidence | None:
    """The teacher of a distillation is a label in disguise: one-hot, or smoothed.

    Why:
        It is label smoothing at the price of a distillation. What a teacher knows beyond the label is which of the
        other classes come near, and here they are all alike. One-hot labels, or probabilities, were
        passed where the logits of a model belong. A teacher that was trained with label smoothing has lost part of
        this knowledge too, and distils worse (Müller et al., 2019), but that cannot be told from its logits.

    Told by:
        In every row one class is ahead, and all others are alike to a millionth of its lead; at least 4 rows and 3
        classes.
    """
    teacher = call.facts.targets
    if not isinstance(call.module, DistillationLoss) or teacher is None or len(teacher) < ROWS:
        return None
    if call.facts.classes < CLASSES or not bool(torch.isfinite(teacher).all()):
        return None
    ordered = teacher.sort(-1, descending=True).values
    lead, rest = ordered[:, 0] - ordered[:, 1], ordered[:, 1] - ordered[:, -1]
    if not bool(((lead > 0) & (rest <= ALIKE * lead)).all()):
        return None
    return Evidence(
        f"in each of {len(teacher)} rows of the teacher one class is ahead, by {float(lead.mean()):.3g}, and the other "
        f"{call.facts.classes - 1} are equal",
        {"rows": float(len(teacher)), "classes": float(call.facts.classes), "lead": float(lead.mean())},
    )
