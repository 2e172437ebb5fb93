"""The embedded data: scikit-learn's handwritten digits, made long-tailed.

The test rows are held out first, stratified, and stay as they are. From the rest a long-tailed training set
is drawn, with the exponential profile of the long-tailed benchmarks: n_k = n_0 * imbalance^(-k/(C-1)).
"""

from dataclasses import dataclass

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor

from xent.jobs import InputError

# Of 1797 rows: large enough that a class's recall has some 72 test rows to be measured on, and it leaves the
# head class the 100 training rows that an imbalance of 100 asks for.
TEST_SHARE = 0.4


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows with one label each: features (N, F) float32, labels (N,) in 0..C-1, and the C class names."""

    name: str
    features: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Split:
    """Training and test rows of one seed, and the training count of every class, shape (C,)."""

    train_features: Tensor
    train_labels: Tensor
    test_features: Tensor
    test_labels: Tensor
    counts: Tensor


def digits() -> Dataset:
    """Scikit-learn's handwritten digits: 1797 rows of 64 pixels, scaled to [0, 1], 10 classes."""
    bunch = load_digits()
    return Dataset(
        name="digits",
        features=(bunch.data / 16.0).astype(np.float32),
        labels=bunch.target.astype(np.int64),
        class_names=tuple(str(name) for name in bunch.target_names),
    )


def long_tail_profile(available: int, imbalance: float, classes: int) -> list[int]:
    """Training counts from head to tail, whose first is ``imbalance`` times the last.

    Args:
        available: Rows that the smallest class has to give.
        imbalance: Ratio of the largest to the smallest count, at least 1.
        classes: Number of classes, at least 2.

    Raises:
        InputError: If ``available`` rows do not suffice for the imbalance.
    """
    tail = int(available // imbalance)
    if tail < 1:
        raise InputError(
            f"imbalance of {imbalance:g} needs {imbalance:g} training rows in the largest class, "
            f"but only {available} are there: give at most {available}"
        )
    head = tail * imbalance
    return [round(head * imbalance ** (-k / (classes - 1))) for k in range(classes)]


def long_tailed_split(data: Dataset, imbalance: float, seed: int) -> Split:
    """Hold out a stratified test set, then thin the rest to a long tail; class 0 is the head.

    ``seed`` decides which rows are tested and which are kept for training. The losses have no part in it.
    """
    features, test_features, labels, test_labels = train_test_split(
        data.features, data.labels, test_size=TEST_SHARE, stratify=data.labels, random_state=seed
    )
    available = np.bincount(labels).min()
    counts = long_tail_profile(int(available), imbalance, len(data.class_names))
    shuffle = np.random.default_rng(seed).permutation
    kept = np.concatenate([shuffle(np.flatnonzero(labels == k))[:count] for k, count in enumerate(counts)])
    return Split(
        train_features=torch.from_numpy(features[kept]),
        train_labels=torch.from_numpy(labels[kept]),
        test_features=torch.from_numpy(test_features),
        test_labels=torch.from_numpy(test_labels),
        counts=torch.tensor(counts),
    )
