"""What is asked of a row: which one of the classes it is, or of every class whether it is that."""

from typing import Literal

import numpy as np

Task = Literal["single-label", "multi-label"]


def task_of(target: np.ndarray) -> Task:
    """The task of labels, (N,), or of indicators, (N, C)."""
    return "multi-label" if target.ndim == 2 else "single-label"
