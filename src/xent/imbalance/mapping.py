"""Counts that exist already, by class: {"cat": 60, "dog": 30}, or a collections.Counter."""

from collections.abc import Mapping
from typing import Any

import torch

from xent.imbalance.reading import Reading
from xent.imbalance.record import ClassCounts


def counts_of_mapping(reading: Reading, source: Mapping[Any, Any]) -> ClassCounts:
    """From class index or name to count; classes that are not in it have count 0.

    Raises:
        TypeError: If the keys are neither all int nor all str, or the counts no ints.
        ValueError: If a key names no class, or a count is below 0.
    """
    _check(reading.function, source)
    by_name = isinstance(next(iter(source)), str)
    names = reading.names or (tuple(sorted(source)) if by_name else None)
    kept = {key: count for key, count in source.items() if by_name or key != reading.ignore_index}
    order = list(names) if by_name and names else list(range(reading.classes or max(kept, default=-1) + 1))
    unknown = [key for key in kept if key not in order]
    if unknown:
        raise ValueError(
            f"{reading.function}: {unknown[0]!r}, with {kept[unknown[0]]} rows, is not one of the classes."
        )
    if not order:
        raise ValueError(f"{reading.function}: all labels are ignored, so there is nothing to count.")
    counts = torch.tensor([kept.get(key, 0) for key in order])
    ignored = sum(source.values()) - sum(kept.values())
    return ClassCounts(counts, counts.sum().expand(len(counts)).clone(), ignored, names)


def _check(function: str, source: Mapping[Any, Any]) -> None:
    kinds = {type(key) for key in source}
    if kinds not in ({int}, {str}) or any(type(count) is not int for count in source.values()):
        raise TypeError(
            f"{function}: a mapping must lead from class indices or names to counts, all int, got "
            f"{type(source).__name__} with keys {', '.join(map(repr, list(source)[:5]))}. To count one batch, pass its "
            "labels, batch[KEY]."
        )
    for key, count in source.items():
        if count < 0:
            raise ValueError(f"{function}: the count of {key!r} must be at least 0, got {count}.")
