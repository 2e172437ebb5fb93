"""Labels -> how often each class is the label."""

from collections.abc import Mapping, Sequence
from typing import Any

from xent.imbalance.batches import LabelOfBatch, label_batches
from xent.imbalance.mapping import counts_of_mapping
from xent.imbalance.reading import Reading, pieces
from xent.imbalance.record import ClassCounts
from xent.imbalance.tally import Tally, new_tally


def class_counts(
    source: Any,
    num_classes: int | None = None,
    *,
    names: Sequence[str] | None = None,
    multi_label: bool | None = None,
    ignore_index: int | None = -100,
    label: LabelOfBatch | None = None,
) -> ClassCounts:
    """Count how often each class is the label.

    Labels are class indices of any shape (tokens, pixels), strings, or indicator rows (N, C) of 0 and 1 for multi-label
    data, whose positives are counted per class. Batches are read one after the other and not kept. Counts that exist
    already need no counting: every function of this module takes them as they are.

    Args:
        source: Labels as a tensor, an array, a data frame's column or a list; a DataLoader, a Dataset or any iterable
            of batches or samples; or a mapping from classes to counts, such as a ``collections.Counter``.
        num_classes: C. By default one more than the largest label, which leaves out classes at the end that happen not
            to occur: give it if you know it.
        names: The classes in order, C names. String labels must be among them; by default those found, sorted.
        multi_label: Whether labels are indicator rows. By default floats and bools of shape (N, C) are, and integers
            are class indices; integers of shape (N, C) can be both, and have to be told apart by this.
        ignore_index: The label, or indicator, that is left out and reported in ``ignored``; None to leave out nothing.
        label: Where in a batch the labels are: an index or key, or a function of the batch. By default the last of a
            tuple, "labels", "label", "targets" or "target" of a dict, or else the batch.

    Returns:
        :class:`ClassCounts`, on the CPU.

    Raises:
        TypeError: If there are no labels in ``source``, they are neither integers, strings nor indicators, or of
            several kinds; or an argument is of the wrong type.
        ValueError: If a label names no class, an indicator is neither 0 nor 1, integer labels of shape (N, C) come
            without ``multi_label``, or there is nothing to count.

    Example:
        >>> import torch
        >>> from xent.imbalance import class_counts
        >>> class_counts(torch.tensor([2, 0, 0, 1, 0]), num_classes=4).counts
        tensor([3, 1, 1, 0])
        >>> found = class_counts(["dog", "cat", "dog"])
        >>> found.names, found.counts
        (('cat', 'dog'), tensor([1, 2]))
        >>> class_counts([[1, 0], [1, 1]], multi_label=True).counts
        tensor([2, 1])
        >>> batches = [(torch.rand(2, 5), torch.tensor([0, 1])), (torch.rand(1, 5), torch.tensor([1]))]
        >>> class_counts(batches).counts
        tensor([1, 2])
    """
    given = None if names is None else tuple(names)
    reading = Reading("class_counts", num_classes, given, multi_label, ignore_index)
    if isinstance(source, Mapping):
        return counts_of_mapping(reading, source)
    tally: Tally | None = None
    for labels in label_batches(reading.function, source, label):
        for piece in pieces(reading.function, labels):
            if tally is None:
                tally = new_tally(reading, piece)
            tally.add(piece)
    if tally is None:
        raise ValueError("class_counts: `source` holds no batches, so there is nothing to count.")
    return tally.result()
