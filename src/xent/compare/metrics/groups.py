"""The classes by how often they are trained on: head, middle and tail."""

import numpy as np

# Head and tail are three classes each, where there are nine classes or more.
GROUP = 3


def group_size(classes: int) -> int:
    """Classes in the head, and in the tail: a third of them, at least 1 and at most 3."""
    return max(1, min(GROUP, classes // 3))


def head_to_tail(counts: np.ndarray) -> np.ndarray:
    """The classes in the order of falling training counts, (C,); ties keep their order."""
    return np.argsort(-counts, kind="stable")
