"""Where the labels are: in what was given, or in every batch of it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
from torch import Tensor

LabelOfBatch: TypeAlias = Callable[[Any], Any] | int | str

# Where dict batches commonly keep their labels.
KEYS = ("labels", "label", "targets", "target")


def label_batches(function: str, source: Any, label: LabelOfBatch | None) -> Iterator[Any]:
    """The labels in ``source``, batch by batch; ``source`` itself if it is labels.

    Args:
        function: Who asks, for errors.
        source: Labels, or an iterable of batches or samples.
        label: Where in a batch the labels are; None for the usual places.

    Raises:
        TypeError: If no labels can be found in it, or it is labels while ``label`` is given.
    """
    if _is_labels(source):
        if label is not None:
            raise TypeError(
                f"{function}: `label` says where in a batch the labels are, but {type(source).__name__} holds no "
                "batches. Leave it out, or pass a DataLoader or another iterable of batches."
            )
        yield source
        return
    for batch in _iterate(function, source):
        yield _labels_of(function, batch, label)


def _is_labels(source: Any) -> bool:
    """Whether ``source`` is an array, or a list of plain values or of such lists. A tuple in a list is a sample."""
    if isinstance(source, Tensor) or hasattr(source, "__array__"):
        return True
    if not isinstance(source, (list, tuple)):
        return False
    first = source[0] if source else 0
    return _is_plain(first) or (isinstance(first, list) and _is_labels(first))


def _iterate(function: str, source: Any) -> Iterator[Any]:
    if isinstance(source, (str, bytes)) or not (hasattr(source, "__iter__") or hasattr(source, "__getitem__")):
        raise TypeError(
            f"{function}: `source` must be labels (a tensor, an array, a list) or an iterable of batches, got "
            f"{type(source).__name__}. For a file: xent.imbalance.counts_from_file(path, column)."
        )
    if hasattr(source, "__iter__"):
        return iter(source)
    # A map-style Dataset. Many do not raise the IndexError that would end an iteration.
    return (source[i] for i in range(len(source)))


def _labels_of(function: str, batch: Any, label: LabelOfBatch | None) -> Any:
    if label is not None:
        return _chosen(function, batch, label)
    if isinstance(batch, Mapping):
        return batch[_key(function, batch)]
    if _is_plain(batch) or isinstance(batch, Tensor) or hasattr(batch, "__array__"):
        return batch
    if isinstance(batch, (list, tuple)) and batch:
        return batch if _is_list_of_labels(batch) else batch[-1]
    raise TypeError(
        f"{function}: no labels found in a batch of type {type(batch).__name__}. Say where they are, for example "
        "label=lambda batch: batch.labels."
    )


def _chosen(function: str, batch: Any, label: LabelOfBatch) -> Any:
    if callable(label):
        return label(batch)
    try:
        return batch[label]
    except (LookupError, TypeError) as error:
        given = f"keys {sorted(map(str, batch))}" if isinstance(batch, Mapping) else f"type {type(batch).__name__}"
        raise TypeError(f"{function}: label={label!r} finds nothing in a batch of {given}.") from error


def _key(function: str, batch: Mapping[Any, Any]) -> str:
    found = [key for key in KEYS if key in batch]
    if len(found) != 1:
        what = "none" if not found else " and ".join(repr(key) for key in found)
        raise TypeError(
            f"{function}: of the keys {', '.join(KEYS)}, a batch must have one, it has {what}; all its keys: "
            f"{', '.join(map(str, batch))}. Choose with label=KEY."
        )
    return found[0]


def _is_plain(value: Any) -> bool:
    return isinstance(value, (bool, int, float, str, np.generic))


def _is_list_of_labels(batch: Any) -> bool:
    """Whether a list holds plain values of one kind. A tuple, and a list of different kinds, is (input, ..., label)."""
    return isinstance(batch, list) and _is_plain(batch[0]) and all(type(value) is type(batch[0]) for value in batch)
