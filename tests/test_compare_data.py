"""The long-tailed digits: the profile by hand, and what a split keeps and thins."""

import numpy as np
import pytest
import torch

from xent.compare import InputError
from xent.compare.data import split
from xent.compare.data.digits import digits
from xent.compare.data.split import long_tail_profile


def test_profile_by_hand():
    # 100 * 100^(-k/9): 100, 59.95, 35.94, 21.54, 12.92, 7.74, 4.64, 2.78, 1.67, 1
    assert long_tail_profile(104, 100, 10) == [100, 60, 36, 22, 13, 8, 5, 3, 2, 1]


@pytest.mark.parametrize(
    ("available", "imbalance", "expected"),
    [
        (104, 1, [104, 104, 104]),
        (104, 4, [104, 52, 26]),  # 26 * 4 = 104, 104 / 2
        (105, 4, [104, 52, 26]),  # the tail is a whole number of rows, and the head 4 times that
        (104, 104, [104, 10, 1]),  # 104 / sqrt(104) = 10.2
        (100, 2.5, [100, 63, 40]),  # 100 / sqrt(2.5) = 63.2
    ],
)
def test_profile_has_the_imbalance_that_is_asked_for(available, imbalance, expected):
    profile = long_tail_profile(available, imbalance, 3)
    assert profile == expected
    assert profile[0] / profile[-1] == imbalance


def test_profile_refuses_more_imbalance_than_there_are_rows():
    with pytest.raises(InputError, match=r"imbalance of 500 needs 500 .* only 104 are there: give at most 104"):
        long_tail_profile(104, 500, 10)


def test_split_thins_the_training_rows_and_leaves_the_test_rows_balanced():
    rows = split(digits(), 0, imbalance=100)
    assert rows.counts.tolist() == [100, 60, 36, 22, 13, 8, 5, 3, 2, 1]
    assert torch.equal(torch.bincount(rows.train_target), rows.counts)
    # 40% of 1797 rows, whose classes have 174 to 183.
    assert len(rows.test_target) == 719
    per_class = torch.bincount(rows.test_target)
    assert per_class.min() >= 69
    assert per_class.max() <= 74


def test_no_test_row_is_trained_on():
    data = digits()
    numbered = type(data)("numbered", np.arange(len(data.target))[:, None], data.target, data.class_names)
    divided = split(numbered, 3, imbalance=100)
    trained, tested = set(divided.train_features.flatten().tolist()), set(divided.test_features.flatten().tolist())
    assert len(trained) == 250
    assert not trained & tested
    for rows, labels in (
        (divided.train_features, divided.train_target),
        (divided.test_features, divided.test_target),
    ):
        assert np.array_equal(data.target[rows.flatten().numpy()], labels.numpy())


def test_the_seed_decides_the_split():
    first, again, other = (split(digits(), seed, imbalance=100) for seed in (0, 0, 1))
    assert torch.equal(first.train_features, again.train_features)
    assert torch.equal(first.test_features, again.test_features)
    assert not torch.equal(first.train_features, other.train_features)
    assert not torch.equal(first.test_features, other.test_features)


def test_the_imbalance_leaves_the_test_rows_alone():
    assert torch.equal(
        split(digits(), 0, imbalance=100).test_features,
        split(digits(), 0, imbalance=1).test_features,
    )
