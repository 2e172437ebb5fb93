"""How often each class is the label -> the weights and offsets that correct for it, and the way back.

Counts come from labels of any kind (:func:`class_counts`, :func:`counts_from_file`), or are given as a tensor, an array
or a list. A class with count 0 has no finite weight or prior: every function refuses it, unless ``absent`` says what to
do with it.
"""

from xent.imbalance.counts import class_counts
from xent.imbalance.files import counts_from_file
from xent.imbalance.offsets import adjust_logits, log_prior
from xent.imbalance.pos_weight import pos_weight
from xent.imbalance.recalibration import undo_adjustment, undo_pos_weight, undo_weight
from xent.imbalance.record import ClassCounts, Counts
from xent.imbalance.weights import effective_number, inverse_frequency, inverse_sqrt

__all__ = [
    "ClassCounts",
    "Counts",
    "adjust_logits",
    "class_counts",
    "counts_from_file",
    "effective_number",
    "inverse_frequency",
    "inverse_sqrt",
    "log_prior",
    "pos_weight",
    "undo_adjustment",
    "undo_pos_weight",
    "undo_weight",
]
