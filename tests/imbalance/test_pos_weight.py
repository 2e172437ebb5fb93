"""Positives -> pos_weight: negatives over positives, and what is refused."""

import math

import numpy as np
import pytest
import torch

import xent
from xent.imbalance import class_counts, pos_weight


def test_by_hand():
    # 60/40, 90/10, 99/1
    torch.testing.assert_close(pos_weight([40, 10, 1], total=100), torch.tensor([1.5, 9.0, 99.0]))


def test_a_total_of_each_class():
    # (50-40)/40, (100-10)/10
    torch.testing.assert_close(pos_weight([40, 10], total=[50, 100]), torch.tensor([0.25, 9.0]))


def test_cap():
    torch.testing.assert_close(pos_weight([40, 10, 1], 100, cap=20), torch.tensor([1.5, 9.0, 20.0]))


def test_counted_rows_know_their_total():
    # Class 1 is unknown in the last row: 1 positive and 1 negative of it, 1 and 2 of class 0.
    rows = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    found = class_counts(rows, ignore_index=-1)
    torch.testing.assert_close(pos_weight(found), torch.tensor([2.0, 1.0]))


def test_positives_and_negatives_pull_alike():
    """At logit 0 the gradient of a class vanishes: its positives and negatives weigh the same."""
    target = torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]])
    logits = torch.zeros(5, 2, requires_grad=True)
    weight = pos_weight(class_counts(target))
    xent.binary_cross_entropy_with_logits(logits, target, pos_weight=weight, reduction="sum").backward()
    torch.testing.assert_close(logits.grad.sum(0), torch.zeros(2))
    assert logits.grad.abs().min() > 0


@pytest.mark.parametrize(
    ("counts", "dtype"),
    [(np.array([4, 1]), torch.float32), (torch.tensor([4.0, 1.0]).double(), torch.float64)],
)
def test_dtype_follows_the_counts(counts, dtype):
    torch.testing.assert_close(pos_weight(counts, 5), torch.tensor([0.25, 4.0], dtype=dtype))


def test_a_class_of_positives_only():
    with pytest.raises(ValueError, match="class 1 has no negatives among its 5 rows: its weight would be 0"):
        pos_weight([4, 5], total=5)
    # 1/4, and one negative counted: 1/5
    torch.testing.assert_close(pos_weight([4, 5], total=5, absent="one"), torch.tensor([0.25, 0.2]))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, TypeError, "`total` is missing: the number of rows"),
        ({"total": 3}, ValueError, "`total` must be finite and at least the count, got 3 rows with 4 positives for"),
        ({"total": math.nan}, ValueError, "`total` must be finite"),
        ({"total": [5, 5, 5]}, ValueError, r"`total` must be one number or have shape \(2,\), got \(3,\)"),
        ({"total": "many"}, TypeError, "`total` must be a number of rows, or one a class, not str"),
        (
            {"total": class_counts([0, 1])},
            TypeError,
            "`total` must be a number of rows, or one a class, not ClassCounts",
        ),
        ({"total": 5, "cap": 0}, ValueError, "`cap` must be finite, above 0, got 0"),
        ({"total": 5, "cap": "9"}, TypeError, "`cap` must be a number, not str"),
    ],
)
def test_what_is_refused(arguments, error, message):
    with pytest.raises(error, match=f"pos_weight: {message}"):
        pos_weight([4, 1], **arguments)


def test_a_total_beside_class_counts_is_refused():
    with pytest.raises(TypeError, match="`total` is known to ClassCounts"):
        pos_weight(class_counts([0, 1]), total=2)
