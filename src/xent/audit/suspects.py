"""The labels that are most likely wrong.

A row is doubted by how far its logits prefer another class. It is a likely error if the model is as sure of that class
as it is on average of rows that have it as their label: Northcutt et al., Confident Learning, 2021.
"""

from collections.abc import Sequence

from torch import Tensor

from xent.audit.facts import Sizes
from xent.audit.results import Suspect
from xent.audit.tally.suspects import SuspectTally

SIDES = ("no", "yes")

# Of multi-label rows: beyond doubt. The sides are too unequal for a mean to say anything.
SURE = 0.99


def suspects_of(tally: SuspectTally, size: Sizes, names: Sequence[str]) -> tuple[Suspect, ...]:
    """The suspects that were kept, the most doubted first."""
    columns = tally.columns()
    if not columns:
        return ()
    multi_label = size.others_right is not None
    usual = _usual_confidence(size)
    found = []
    for number, label, predicted, doubt, nll, confidence in zip(
        *(columns[name].tolist() for name in ("number", "label", "predicted", "doubt", "nll", "confidence")),
        strict=True,
    ):
        threshold = usual[predicted] if not multi_label else SURE
        found.append(
            Suspect(
                row=number,
                label=names[label],
                predicted=SIDES[predicted] if multi_label else names[predicted],
                probability=confidence,
                log_odds=doubt,
                nll=nll,
                likely=confidence >= threshold,
            )
        )
    return tuple(found)


def _usual_confidence(size: Sizes) -> list[float]:
    """Mean probability of each class over the rows that have it as their label."""
    usual: Tensor = 1 - size.gradient / size.rows
    return [float(value) for value in usual]
