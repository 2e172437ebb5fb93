"""What a run is judged by where a row has one class.

A class without test rows has no recall, and no part in a mean of recalls.
"""

import math

import numpy as np
import torch

from xent.compare.metrics.calibration import CALIBRATION_BINS, calibration_error
from xent.compare.metrics.groups import group_size, head_to_tail
from xent.compare.metrics.measure import SECONDS_PER_STEP, Measure, by_key
from xent.functional import cross_entropy

MEASURES = by_key(
    Measure("accuracy", "accuracy", "fraction", True, "share of the test rows that are right"),
    Measure(
        "accuracy_at_training_prior",
        "accuracy at prior",
        "fraction",
        True,
        "accuracy if the classes came as often as in training",
    ),
    Measure("balanced_accuracy", "balanced accuracy", "fraction", True, "mean recall of all classes"),
    Measure(
        "recall_head",
        "head recall",
        "fraction",
        True,
        "mean recall of the most frequent classes: three, or a third where there are fewer than nine, at least one",
    ),
    Measure("recall_middle", "middle recall", "fraction", True, "mean recall of the classes between; of two, none"),
    Measure(
        "recall_tail", "tail recall", "fraction", True, "mean recall of the rarest classes, as many as the head has"
    ),
    Measure("nll", "NLL", "nats", False, "mean negative log-likelihood of the test labels"),
    Measure(
        "calibration_error",
        "calibration error",
        "fraction",
        False,
        f"ECE: gap of confidence and accuracy, {CALIBRATION_BINS} bins of equal width",
    ),
    SECONDS_PER_STEP,
)


def measure(logits: np.ndarray, labels: np.ndarray, counts: np.ndarray) -> dict[str, float]:
    """All measures of predictions that there are, by key, but for the time.

    Args:
        logits: (N, C).
        labels: (N,).
        counts: Training count of every class, (C,).
    """
    recall = recall_by_class(logits, labels)
    found = ~np.isnan(recall)
    from_head = recall[head_to_tail(counts)]
    group = group_size(len(counts))
    values = {
        "accuracy": float((logits.argmax(axis=1) == labels).mean()),
        "accuracy_at_training_prior": float(recall[found] @ counts[found] / counts[found].sum()),
        "balanced_accuracy": _mean(recall),
        "recall_head": _mean(from_head[:group]),
        "recall_middle": _mean(from_head[group:-group]),
        "recall_tail": _mean(from_head[-group:]),
        "nll": negative_log_likelihood(logits, labels),
        "calibration_error": expected_calibration_error(logits, labels),
    }
    return {key: value for key, value in values.items() if not math.isnan(value)}


def recall_by_class(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Share of each class's rows that are found, (C,); nan where it has none."""
    classes = logits.shape[1]
    right = np.bincount(labels[logits.argmax(axis=1) == labels], minlength=classes)
    rows = np.bincount(labels, minlength=classes)
    return np.where(rows > 0, right / np.maximum(rows, 1), np.nan)


def negative_log_likelihood(logits: np.ndarray, labels: np.ndarray) -> float:
    """Mean of -log p of the label, in nats."""
    # From the logits in float64: scikit-learn's log_loss takes probabilities and clips them at 2e-16.
    return float(cross_entropy(torch.from_numpy(logits).double(), torch.from_numpy(labels)))


def expected_calibration_error(logits: np.ndarray, labels: np.ndarray, bins: int = CALIBRATION_BINS) -> float:
    """The calibration error of the top label."""
    probabilities = torch.from_numpy(logits).double().softmax(dim=1).numpy()
    return calibration_error(probabilities.max(axis=1), probabilities.argmax(axis=1) == labels, bins)


def _mean(recall: np.ndarray) -> float:
    """Mean over the classes that have a recall; nan if none has."""
    found = recall[~np.isnan(recall)]
    return float(found.mean()) if len(found) else math.nan
