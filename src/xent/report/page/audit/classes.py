"""The classes of an audit from head to tail, and those of many that are shown one by one."""

from collections.abc import Callable

import numpy as np

from xent.audit import Audit, OfClass
from xent.report.page.classes import Classes

# Each class has a row in the table and a curve of its own: half of these are the most frequent, half the rarest.
MOST_LISTED = 100


def classes_of(audit: Audit) -> Classes:
    """By their training rows, or where these are unknown by the judged ones."""
    ordered = audit.head_to_tail()
    known = audit.source.training_counts
    counted = "training rows" if known else "positives" if audit.source.multi_label else "judged rows"
    return Classes(
        order=np.array([one.number for one in ordered]),
        names=tuple(one.name for one in ordered),
        counts=np.array([count(one) for one in ordered], dtype=float),
        counted=counted,
    )


def count(one: OfClass) -> float:
    """Training rows, or where these are unknown the judged ones."""
    return one.rows if one.training_rows is None else one.training_rows


def values(audit: Audit, value: Callable[[OfClass], float]) -> np.ndarray:
    """A value of every class by its index, (C,)."""
    return np.array([value(one) for one in audit.classes], dtype=float)


def listed(audit: Audit, most: int = MOST_LISTED) -> tuple[OfClass, ...]:
    """All classes from head to tail, or the first and the last of many."""
    ordered = audit.head_to_tail()
    half = most // 2
    return ordered if len(ordered) <= most else (*ordered[:half], *ordered[-half:])


def which_listed(audit: Audit, most: int = MOST_LISTED) -> str:
    """A sentence that says which, if not all."""
    classes = len(audit.classes)
    if classes <= most:
        return ""
    half = most // 2
    return f"Of the {classes:,} classes, the {half} most frequent and the {half} rarest; all are in results.json."
