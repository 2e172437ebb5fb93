"""What a run is judged by where a row may have any number of classes.

Average precision looks at the order of the rows alone, F1 at what is above a threshold: a loss that only shifts the
logits moves the second and not the first.
"""

import numpy as np
import torch
from sklearn.metrics import average_precision_score

from xent.compare.metrics.calibration import CALIBRATION_BINS, calibration_error
from xent.compare.metrics.measure import SECONDS_PER_STEP, Measure, by_key
from xent.functional import binary_cross_entropy_with_logits

MEASURES = by_key(
    Measure("mean_average_precision", "mAP", "fraction", True, "mean average precision of the classes; no threshold"),
    Measure("f1_macro", "macro F1 at .5", "fraction", True, "mean F1 of the classes, at threshold .5"),
    Measure(
        "f1_macro_tuned",
        "macro F1 tuned",
        "fraction",
        True,
        "mean F1 of the classes, each at the threshold that is best on its training rows",
    ),
    Measure("f1_micro", "micro F1 at .5", "fraction", True, "F1 of all elements together, at threshold .5"),
    Measure("nll", "NLL", "nats", False, "mean binary cross entropy of the elements"),
    Measure(
        "calibration_error",
        "calibration error",
        "fraction",
        False,
        f"ECE of the elements: gap of probability and frequency, {CALIBRATION_BINS} bins of equal width",
    ),
    SECONDS_PER_STEP,
)


def measure(logits: np.ndarray, target: np.ndarray, thresholds: np.ndarray) -> dict[str, float]:
    """All measures of predictions, by key, but for the time.

    Args:
        logits: (N, C).
        target: Indicators, (N, C), with a 0 and a 1 of every class.
        thresholds: Of the logits of every class, (C,), chosen on training rows.
    """
    z, y = torch.from_numpy(logits).double(), torch.from_numpy(target).double()
    return {
        "mean_average_precision": float(average_precision_by_class(logits, target).mean()),
        "f1_macro": float(f1(target, logits > 0).mean()),
        "f1_macro_tuned": float(f1(target, logits > thresholds).mean()),
        "f1_micro": float(f1(target.reshape(-1, 1), logits.reshape(-1, 1) > 0)[0]),
        "nll": float(binary_cross_entropy_with_logits(z, y)),
        "calibration_error": calibration_error(z.sigmoid().numpy().ravel(), target.ravel()),
    }


def average_precision_by_class(logits: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Average precision of every class, (C,)."""
    # Column by column: a single one would be taken for labels of two classes.
    return np.array([average_precision_score(of_class, z) for of_class, z in zip(target.T, logits.T, strict=True)])


def f1(target: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """F1 of every column, (C,); 0 where a class is neither there nor predicted."""
    found = (predicted & (target > 0)).sum(axis=0)
    score: np.ndarray = 2 * found / np.maximum(predicted.sum(axis=0) + target.sum(axis=0), 1)
    return score


def best_thresholds(logits: np.ndarray, target: np.ndarray) -> np.ndarray:
    """For every class the threshold of its logits with the best F1 on these rows, (C,)."""
    return np.array([_best_threshold(scores, rows) for scores, rows in zip(logits.T, target.T, strict=True)])


def _best_threshold(scores: np.ndarray, positive: np.ndarray) -> float:
    """Half way between two neighbouring scores; 1 below the lowest if it is best to find everything."""
    order = np.argsort(-scores, kind="stable")
    scores = scores[order].astype(np.float64)
    found = np.arange(1, len(scores) + 1)
    f1 = 2 * np.cumsum(positive[order]) / (found + positive.sum())
    below = np.append(scores[1:], scores[-1] - 2)
    # Equal scores are on one side together.
    best = int(np.where(below < scores, f1, -1.0).argmax())
    return float((scores[best] + below[best]) / 2)
