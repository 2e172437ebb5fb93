"""What a run is judged by: measures of the logits of its test rows, and the time that a step took."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from sklearn.metrics import accuracy_score, balanced_accuracy_score, recall_score

from xent.functional import cross_entropy

# Head and tail are the three most frequent and the three rarest classes.
GROUP = 3
CALIBRATION_BINS = 15


@dataclass(frozen=True)
class Measure:
    """One of the numbers that a run is judged by."""

    key: str
    title: str
    unit: Literal["fraction", "nats", "seconds"]
    higher_is_better: bool
    meaning: str


MEASURES = {
    item.key: item
    for item in (
        Measure("accuracy", "accuracy", "fraction", True, "share of the test rows that are right"),
        Measure(
            "accuracy_at_training_prior",
            "accuracy at prior",
            "fraction",
            True,
            "accuracy if the classes came as often as in training",
        ),
        Measure("balanced_accuracy", "balanced accuracy", "fraction", True, "mean recall of all classes"),
        Measure("recall_head", "head recall", "fraction", True, "the three most frequent classes"),
        Measure("recall_middle", "middle recall", "fraction", True, "the classes between"),
        Measure("recall_tail", "tail recall", "fraction", True, "the three rarest classes"),
        Measure("nll", "NLL", "nats", False, "mean negative log-likelihood of the test labels"),
        Measure(
            "calibration_error",
            "calibration error",
            "fraction",
            False,
            f"ECE: gap of confidence and accuracy, {CALIBRATION_BINS} bins of equal width",
        ),
        Measure("seconds_per_step", "time per step", "seconds", False, "median of the training, one thread"),
    )
}


def measure(logits: np.ndarray, labels: np.ndarray, counts: np.ndarray) -> dict[str, float]:
    """All measures of predictions, by key, but for the time.

    Args:
        logits: (N, C).
        labels: (N,), every class at least once.
        counts: Training count of every class, (C,).
    """
    predicted = logits.argmax(axis=1)
    recall = recall_by_class(logits, labels)
    from_head = recall[head_to_tail(counts)]
    return {
        "accuracy": float(accuracy_score(labels, predicted)),
        "accuracy_at_training_prior": float(recall @ counts / counts.sum()),
        "balanced_accuracy": float(balanced_accuracy_score(labels, predicted)),
        "recall_head": float(from_head[:GROUP].mean()),
        "recall_middle": float(from_head[GROUP:-GROUP].mean()),
        "recall_tail": float(from_head[-GROUP:].mean()),
        "nll": negative_log_likelihood(logits, labels),
        "calibration_error": expected_calibration_error(logits, labels),
    }


def head_to_tail(counts: np.ndarray) -> np.ndarray:
    """The classes in the order of falling training counts, (C,); ties keep their order."""
    return np.argsort(-counts, kind="stable")


def recall_by_class(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Share of each class's rows that are found, (C,)."""
    classes = np.arange(logits.shape[1])
    recall: np.ndarray = recall_score(labels, logits.argmax(axis=1), labels=classes, average=None)
    return recall


def negative_log_likelihood(logits: np.ndarray, labels: np.ndarray) -> float:
    """Mean of -log p of the label, in nats."""
    # From the logits in float64: scikit-learn's log_loss takes probabilities and clips them at 2e-16.
    return float(cross_entropy(torch.from_numpy(logits).double(), torch.from_numpy(labels)))


def expected_calibration_error(logits: np.ndarray, labels: np.ndarray, bins: int = CALIBRATION_BINS) -> float:
    r"""Mean gap of confidence and accuracy, :math:`\sum_b \frac{n_b}{N} |acc_b - conf_b|`.

    Rows are put into ``bins`` bins of equal width (lower, upper] by the probability of their top label.

    References:
        Guo et al., On Calibration of Modern Neural Networks, 2017.
    """
    probabilities = torch.from_numpy(logits).double().softmax(dim=1).numpy()
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    bin_of_row = np.ceil(confidence * bins).astype(int)
    gap_sum = np.bincount(bin_of_row, weights=correct - confidence, minlength=bins + 1)
    return float(np.abs(gap_sum).sum() / len(labels))
