"""Rows to learn from, and how one seed divides them."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows with their classes.

    Attributes:
        name: What it is called in results.
        features: (N, F) float32, finite.
        target: Labels in 0..C-1 of shape (N,), int64; or indicators of shape (N, C), float32, where a row may have any
            number of classes.
        class_names: The C names.
        standardize: Whether every feature is to have mean 0 and variance 1 over the training rows.
        test: Rows to test on, if they come apart; then nothing is held out of these.
    """

    name: str
    features: np.ndarray
    target: np.ndarray
    class_names: tuple[str, ...]
    standardize: bool = False
    test: "Dataset | None" = None

    @property
    def multilabel(self) -> bool:
        """Whether a row may have any number of classes."""
        return self.target.ndim == 2

    @property
    def counts(self) -> np.ndarray:
        """Rows of every class, (C,); of indicators the rows that have it."""
        return class_counts(self.target, len(self.class_names))


@dataclass(frozen=True, eq=False)
class Split:
    """Training and test rows of one seed, and the training count of every class, shape (C,)."""

    train_features: Tensor
    train_target: Tensor
    test_features: Tensor
    test_target: Tensor
    counts: Tensor


def class_counts(target: np.ndarray, classes: int) -> np.ndarray:
    """Rows of every class, (C,), of labels or indicators."""
    if target.ndim == 2:
        counts: np.ndarray = target.sum(axis=0).astype(np.int64)
        return counts
    return np.bincount(target, minlength=classes)
