"""Numbers for every class that correct for its frequency in training, to be given to a loss."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from xent import imbalance


@dataclass(frozen=True)
class Correction:
    """One number a class.

    Attributes:
        title: What it is.
        code: That makes it from the counts, and what it is given to.
        undo: What gives calibrated logits back after training with it.
        values: By class.
    """

    title: str
    code: str
    undo: str
    values: tuple[float, ...]


def corrections_of(counts: Tensor | None, rows: int | None, multi_label: bool) -> Mapping[str, Correction]:
    """By the name of the setting; empty where the counts, or for multi-label the training rows, are unknown.

    Args:
        counts: Training rows of every class, (C,).
        rows: Training rows, multi-label only.
        multi_label: Whether every class is a question of its own.
    """
    if counts is None or (multi_label and rows is None) or not bool((counts > 0).any()):
        return {}
    # A class without training rows counts as one row.
    absent = "" if bool((counts > 0).all()) else ', absent="one"'
    if multi_label:
        weight = imbalance.pos_weight(counts, rows, absent="one")
        return {
            "pos_weight": Correction(
                "negatives a positive",
                f"pos_weight = xent.imbalance.pos_weight(counts, total={rows}{absent})",
                "logits = xent.imbalance.undo_pos_weight(logits, pos_weight)",
                _values(weight),
            )
        }
    return {
        "weight": Correction(
            "class weights by inverse frequency",
            f"weight = xent.imbalance.inverse_frequency(counts{absent})",
            "logits = xent.imbalance.undo_weight(logits, weight)",
            _values(imbalance.inverse_frequency(counts, absent="one")),
        ),
        "offset": Correction(
            "log prior: what balanced softmax adds in training",
            f"offset = xent.imbalance.log_prior(counts{absent})",
            f"logits = xent.imbalance.undo_adjustment(logits, counts{absent})",
            _values(imbalance.log_prior(counts, absent="one")),
        ),
    }


def _values(numbers: Tensor) -> tuple[float, ...]:
    return tuple(numbers.double().tolist())
