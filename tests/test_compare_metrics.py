"""What runs are judged by: hand values and second oracles."""

import math

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, log_loss

from tests.compare_support import COUNTS, INDICATORS, multi_label_run, run_with, single_label_run
from xent.compare import MAIN, MEASURES
from xent.compare.metrics import group_size, head_to_tail, multi_label
from xent.compare.metrics.single_label import expected_calibration_error, negative_log_likelihood


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
    assert list(run_with("ce", 0, [4] * 10).measures) == list(MEASURES["single-label"])
    assert list(multi_label_run("bce", 0).measures) == list(MEASURES["multi-label"])
    assert all(MAIN[task] in measures for task, measures in MEASURES.items())


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


def test_head_and_tail_are_a_third_of_few_classes():
    assert [group_size(classes) for classes in (2, 3, 5, 6, 8, 9, 10, 1000)] == [1, 1, 1, 2, 2, 3, 3, 3]


def test_measures_of_imbalanced_test_rows_and_few_classes():
    # Class 0: 5 of 6 right; class 1: 1 of 3; class 2: the only row is wrong. Training counts 12, 6, 2.
    labels = np.array([0] * 6 + [1] * 3 + [2])
    predicted = np.array([0] * 5 + [1] + [1, 0, 0] + [0])
    measures = single_label_run("ce", np.eye(3)[predicted], labels, [12, 6, 2]).measures
    assert measures["accuracy"] == pytest.approx(6 / 10)
    assert measures["balanced_accuracy"] == pytest.approx((5 / 6 + 1 / 3 + 0) / 3)
    assert measures["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(labels, predicted))
    assert measures["accuracy_at_training_prior"] == pytest.approx((12 * 5 / 6 + 6 / 3) / 20)
    assert [measures[f"recall_{group}"] for group in ("head", "middle", "tail")] == pytest.approx([5 / 6, 1 / 3, 0])


def test_two_classes_have_no_middle():
    measures = single_label_run("ce", np.eye(2), [0, 1], [5, 3]).measures
    assert "recall_middle" not in measures
    assert (measures["recall_head"], measures["recall_tail"]) == (1, 1)


def test_a_class_without_test_rows_has_no_recall_and_no_part_in_means():
    # Class 0: 1 of 2; class 1 is never tested, though predicted once; class 2: 1 of 1.
    run = single_label_run("ce", np.eye(3)[[0, 1, 2]], [0, 0, 2], [8, 5, 2])
    np.testing.assert_array_equal(run.by_class, [0.5, np.nan, 1])
    assert run.measures["balanced_accuracy"] == pytest.approx(0.75)
    assert run.measures["accuracy_at_training_prior"] == pytest.approx((8 * 0.5 + 2) / 10)
    assert "recall_middle" not in run.measures


def test_average_precision_by_hand():
    # Falling scores: a row that has the class, one that has not, one that has, one that has not:
    # precision 1/1 and 2/3 at the two that are found.
    logits = np.array([[4.0], [3.0], [2.0], [1.0]])
    target = np.array([[1.0], [0.0], [1.0], [0.0]])
    assert multi_label.average_precision_by_class(logits, target) == pytest.approx([(1 + 2 / 3) / 2])


def test_measures_of_indicators_by_hand():
    # Moved down by 3, nothing is above 0 and the order is what it was.
    measures = multi_label_run("bce", 0, shift=3.0).measures
    assert measures["mean_average_precision"] == 1
    assert (measures["f1_macro"], measures["f1_micro"], measures["f1_macro_tuned"]) == (0, 0, 1)
    # Of 12 elements 6 are 1, with logit -1, and 6 are 0, with logit -5.
    assert measures["nll"] == pytest.approx((math.log1p(math.e) + math.log1p(math.exp(-5))) / 2, rel=1e-6)
    # Two bins: what is stated as sigmoid(-1) is always so, what is stated as sigmoid(-5) never.
    gap = (1 - 1 / (1 + math.e)) + 1 / (1 + math.exp(5))
    assert measures["calibration_error"] == pytest.approx(gap / 2, rel=1e-6)


def test_micro_and_macro_f1_by_hand():
    # Class 0: 2 found, 1 of them wrongly, 1 missed: F1 2/4. Class 1: nothing found, 1 missed: 0.
    target = np.array([[1, 1], [1, 0], [0, 0]], dtype=np.float32)
    logits = np.array([[1, -1], [-1, -1], [1, -1]], dtype=np.float32)
    measures = multi_label.measure(logits, target, np.zeros(2))
    assert measures["f1_macro"] == pytest.approx((1 / 2 + 0) / 2)
    # All elements: 1 found rightly, 1 wrongly, 2 missed.
    assert measures["f1_micro"] == pytest.approx(2 / (2 + 1 + 2))


def test_thresholds_by_hand():
    logits = np.array([[3.0, 0.0], [2.0, 1.0], [1.0, 1.0], [0.0, -1.0]])
    target = np.array([[1.0, 1.0], [0.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    # Class 0: F1 of the highest 1, 2, 3, 4 rows is 2/3, 2/4, 4/5, 4/6. Class 1: its two rows at 1 go together,
    # 2/5, then 4/6 and 6/7 for everything.
    assert multi_label.best_thresholds(logits, target).tolist() == [0.5, -2.0]


def test_thresholds_are_the_best_of_all():
    random = np.random.default_rng(0)
    logits = random.normal(size=(40, 3)).round(1)
    target = (logits + random.normal(size=(40, 3)) > 0.5).astype(np.float32)
    chosen = multi_label.best_thresholds(logits, target)
    found = multi_label.measure(logits, target, chosen)["f1_macro_tuned"]
    for _ in range(50):
        others = random.normal(size=3)
        assert multi_label.measure(logits, target, others)["f1_macro_tuned"] <= found + 1e-12


def test_indicators_are_read_by_class():
    assert multi_label_run("bce", 0).by_class.tolist() == [1, 1]
    assert multi_label_run("bce", 0).task == "multi-label"
    assert INDICATORS.shape == (6, 2)


def test_f1_is_scikit_learns():
    random = np.random.default_rng(1)
    target, predicted = random.random((30, 4)) > 0.6, random.random((30, 4)) > 0.5
    np.testing.assert_allclose(
        multi_label.f1(target.astype(np.float32), predicted), f1_score(target, predicted, average=None)
    )


def test_one_column_of_indicators_is_one_class():
    target = np.array([[1.0], [0.0], [1.0], [0.0]], dtype=np.float32)
    measures = multi_label.measure(target - 0.5, target, np.zeros(1))
    assert (measures["mean_average_precision"], measures["f1_macro"], measures["f1_micro"]) == (1, 1, 1)
