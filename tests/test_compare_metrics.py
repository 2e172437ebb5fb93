"""What runs are judged by: hand values and second oracles."""

import math

import numpy as np
import pytest
from sklearn.metrics import log_loss

from tests.compare_support import COUNTS, run_with
from xent.compare import MEASURES
from xent.compare.metrics import expected_calibration_error, head_to_tail, negative_log_likelihood


def test_recalls_by_hand():
    # Of 4 rows a class, head to tail, 4 4 3 | 4 2 2 4 | 2 1 0 are right: 26 of 40.
    measures = run_with("ce", 0, [4, 4, 3, 4, 2, 2, 4, 2, 1, 0]).measures
    assert measures["accuracy"] == pytest.approx(26 / 40)
    assert measures["balanced_accuracy"] == pytest.approx(26 / 40)
    assert measures["recall_head"] == pytest.approx(11 / 12)
    assert measures["recall_middle"] == pytest.approx(12 / 16)
    assert measures["recall_tail"] == pytest.approx(3 / 12)
    # Training counts 100 60 36 22 13 8 5 3 2 1 weight the recalls 1 1 .75 1 .5 .5 1 .5 .25 0:
    # 100 + 60 + 27 + 22 + 6.5 + 4 + 5 + 1.5 + .5 = 226.5 of 250
    assert measures["accuracy_at_training_prior"] == pytest.approx(226.5 / 250)


def test_every_measure_is_there():
    assert list(run_with("ce", 0, [4] * 10).measures) == list(MEASURES)


def test_head_and_tail_go_by_the_counts_and_not_by_the_class_number():
    assert head_to_tail(np.array([3, 50, 7, 50])).tolist() == [1, 3, 2, 0]
    assert head_to_tail(COUNTS[::-1]).tolist() == list(range(9, -1, -1))


def test_calibration_error_by_hand():
    # Confidence .83 twice, once right, and .55 twice, both right:
    # 2/4 * |.5 - .83| + 2/4 * |1 - .55| = .165 + .225
    p = np.array([[0.83, 0.17], [0.17, 0.83], [0.55, 0.45], [0.45, 0.55]])
    labels = np.array([0, 0, 0, 1])
    assert expected_calibration_error(np.log(p), labels) == pytest.approx(0.39)


def test_calibration_error_bins_include_their_upper_edge():
    # With 2 bins, (0, .5] and (.5, 1]: .5 right and .75 wrong are in different bins, so that their gaps add:
    # 1/2 * |1 - .5| + 1/2 * |0 - .75|. In one bin they would cancel to 1/2 * |.5 - .75|.
    p = np.array([[0.5, 0.5], [0.75, 0.25]])
    assert expected_calibration_error(np.log(p), np.array([0, 1]), bins=2) == pytest.approx(0.625)


def test_calibration_error_of_certainty():
    logits = np.array([[1e4, 0.0], [1e4, 0.0]])
    assert expected_calibration_error(logits, np.array([0, 0])) == 0
    assert expected_calibration_error(logits, np.array([1, 1])) == 1


def test_nll_is_scikit_learns_log_loss():
    random = np.random.default_rng(0)
    logits = random.normal(size=(50, 4)) * 3
    labels = random.integers(0, 4, size=50)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert negative_log_likelihood(logits, labels) == pytest.approx(log_loss(labels, p, labels=range(4)))


def test_nll_is_not_clipped():
    # -log p = log(1 + e^100) for a label 100 below the other class; log_loss would say 36.
    logits = np.array([[100.0, 0.0]], dtype=np.float32)
    assert negative_log_likelihood(logits, np.array([1])) == pytest.approx(100 + math.log1p(math.exp(-100)))
