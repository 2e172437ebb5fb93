"""How one seed divides the rows into training and test; the losses have no part in it.

A balanced dataset can be made long-tailed: the test rows are held out first, stratified, and stay as they are; the rest
is thinned with the exponential profile of the long-tailed benchmarks, n_k = n_0 * imbalance^(-k/(C-1)).
"""

import numpy as np
import torch
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from xent.compare.data.dataset import Dataset, Split, class_counts
from xent.jobs import InputError

# Of the digits: large enough that a class's recall has some 72 test rows to be measured on, and it leaves the
# head class the 100 training rows that an imbalance of 100 asks for.
TEST_SHARE = 0.4
# Random divisions of indicators that are tried until every class is on both sides.
MOST_TRIES = 1000


def split(data: Dataset, seed: int, imbalance: float | None = None) -> Split:
    """Training and test rows.

    Args:
        data: All rows.
        seed: Decides which rows are tested, and which are kept for training.
        imbalance: Ratio of the largest to the smallest training count, if the training rows are to be thinned.

    Raises:
        InputError: A class has too few rows for the division or the imbalance.
    """
    if data.test is not None:
        kept, test, held_out = np.arange(len(data.target)), data.test, np.arange(len(data.test.target))
    else:
        test = data
        kept, held_out = _divide_indicators(data, seed) if data.multilabel else _divide_labels(data, seed)
    if imbalance is not None:
        kept = _thinned(data, kept, imbalance, seed)
    features, test_features = data.features[kept], test.features[held_out]
    if data.standardize:
        scaler = StandardScaler().fit(features)
        features, test_features = scaler.transform(features), scaler.transform(test_features)
    return Split(
        train_features=torch.from_numpy(features),
        train_target=torch.from_numpy(data.target[kept]),
        test_features=torch.from_numpy(test_features),
        test_target=torch.from_numpy(test.target[held_out]),
        counts=torch.from_numpy(class_counts(data.target[kept], len(data.class_names))),
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


def _divide_labels(data: Dataset, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows for training and for testing, in the same shares of every class."""
    smallest = int(data.counts.argmin())
    if round(data.counts[smallest] * TEST_SHARE) < 1:
        raise InputError(
            f"target: class {data.class_names[smallest]!r} has {data.counts[smallest]} row: too few to divide into "
            "training and test. Leave the class out, or give --test"
        )
    kept, held_out = train_test_split(
        np.arange(len(data.target)), test_size=TEST_SHARE, stratify=data.target, random_state=seed
    )
    return kept, held_out


def _divide_indicators(data: Dataset, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows for training and for testing, with a yes and a no of every class on both sides."""
    random = np.random.default_rng(seed)
    tested = round(len(data.target) * TEST_SHARE)
    for _ in range(MOST_TRIES):
        order = random.permutation(len(data.target))
        parts = order[tested:], order[:tested]
        if all(_has_both_sides(data.target[part]) for part in parts):
            return parts
    rarest = int(np.minimum(data.counts, len(data.target) - data.counts).argmin())
    raise InputError(
        f"target: {data.class_names[rarest]!r} has {data.counts[rarest]} of {len(data.target)} rows: too few, or too "
        "many, to divide. Leave the column out, or give --test"
    )


def _has_both_sides(indicators: np.ndarray) -> bool:
    prevalence = indicators.mean(axis=0)
    return bool((prevalence > 0).all() and (prevalence < 1).all())


def _thinned(data: Dataset, rows: np.ndarray, imbalance: float, seed: int) -> np.ndarray:
    """Those of ``rows`` that make a long tail; class 0 is the head."""
    labels = data.target[rows]
    available = int(np.bincount(labels).min())
    shuffle = np.random.default_rng(seed).permutation
    profile = long_tail_profile(available, imbalance, len(data.class_names))
    return np.concatenate([rows[shuffle(np.flatnonzero(labels == k))[:count]] for k, count in enumerate(profile)])
