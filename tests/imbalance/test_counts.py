"""Labels -> counts: indices, names, indicator rows and mappings, in every form that people have them in."""

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from xent.imbalance import ClassCounts, class_counts, inverse_frequency, reading

LABELS = [2, 0, 0, 1, 0]


@pytest.mark.parametrize(
    "labels",
    [
        LABELS,
        tuple(LABELS),
        np.array(LABELS),
        np.array(LABELS, dtype=np.uint16),
        np.array(LABELS, dtype=">i4"),
        np.broadcast_to(np.array(LABELS), (1, 5))[0],
        torch.tensor(LABELS),
        torch.tensor(LABELS, dtype=torch.uint8),
        torch.tensor(LABELS, dtype=torch.uint16),
        torch.tensor(LABELS)[:, None, None],
        [np.int32(label) for label in LABELS],
    ],
)
def test_class_indices(labels):
    found = class_counts(labels)
    assert found.counts.tolist() == [3, 1, 1]
    assert found.total.tolist() == [5, 5, 5]
    assert (found.ignored, found.names, found.multi_label) == (0, None, False)
    torch.testing.assert_close(found.prior, torch.tensor([0.6, 0.2, 0.2]))


@given(st.lists(st.integers(0, 6), min_size=1, max_size=40), st.integers(7, 9))
def test_counts_are_those_of_python(labels, num_classes):
    expected = Counter(labels)
    found = class_counts(labels, num_classes)
    assert found.counts.tolist() == [expected[k] for k in range(num_classes)]
    assert class_counts(labels).counts.tolist() == [expected[k] for k in range(max(labels) + 1)]


def test_num_classes_keeps_classes_that_do_not_occur():
    assert class_counts(LABELS, num_classes=5).counts.tolist() == [3, 1, 1, 0, 0]


def test_names_for_indices():
    found = class_counts(LABELS, names=["a", "b", "c"])
    assert (found.names, found.counts.tolist()) == (("a", "b", "c"), [3, 1, 1])


def test_bools_are_two_classes():
    assert class_counts([True, False, True]).counts.tolist() == [1, 2]


def test_ignored_labels_are_left_out_and_reported():
    found = class_counts(torch.tensor([0, 255, 1, 255, 1], dtype=torch.uint8), ignore_index=255)
    assert (found.counts.tolist(), found.ignored, found.total.tolist()) == ([1, 2], 2, [3, 3])


def test_the_ignore_index_of_the_losses_by_default():
    # 156 is what -100 would be as uint8.
    found = class_counts(torch.tensor([0, 156], dtype=torch.uint8))
    assert (found.counts[156].item(), found.ignored) == (1, 0)
    assert class_counts([0, -100]).ignored == 1


def test_tokens_and_pixels():
    tokens = torch.tensor([[0, 1, -100], [2, 0, 0]])
    assert class_counts(tokens, multi_label=False).counts.tolist() == [3, 1, 1]
    assert class_counts(tokens.reshape(1, 2, 3)).counts.tolist() == [3, 1, 1]


@pytest.mark.parametrize(
    ("labels", "arguments", "message"),
    [
        (
            [0, 1, 7],
            {"num_classes": 3},
            "label 7 in row 2 is not one of the 3 classes 0 to 2. Leave it out with ignore_",
        ),
        ([0, -1], {}, "label -1 in row 1 is not an index from 0 on. Leave it out with ignore_index=-1."),
        ([0, -100], {"ignore_index": None}, "label -100 in row 1"),
        ([0, 1], {"names": ["a"]}, "label 1 in row 1 is not one of the 1 classes"),
        ([5, 10**12], {}, "label 1000000000000 in row 1 is not one of at most 16777216 classes"),
        (torch.tensor([[[0, 0], [0, 9]]]), {"num_classes": 2}, r"label 9 in row 0, position \(1, 1\) is not"),
        ([], {}, "there are no labels"),
        ([-100, -100], {}, "all 2 labels are ignored"),
        (iter([]), {}, "`source` holds no batches"),
        ([0.0, 1.0], {"multi_label": True}, r"indicator rows must have shape \(N, C\), got \(2,\)"),
        (
            [[0, 1], [1, 0]],
            {},
            r"integer labels of shape \(N, 2\) may be class indices .* multi_label=True for indicat",
        ),
        (
            [[0.0, 1.0], [0.3, 0.0]],
            {},
            "indicator 0.3 in row 1, class 0 is neither 0 nor 1. Soft labels have no counts",
        ),
        ([[0.0, float("nan")]], {}, "indicator nan in row 0, class 1"),
        ([[0, 2]], {"multi_label": True}, "indicator 2 in row 0, class 1"),
        ([[0.0, 1.0]], {"num_classes": 3}, "indicator rows from row 0 on have 2 classes, not 3"),
        ([0, 1], {"num_classes": 0}, "`num_classes` must be at least 1, got 0"),
        ([0, 1], {"names": ["a", "a"]}, "`names` must differ, 'a' stands there twice"),
        ([0, 1], {"names": ["a", "b"], "num_classes": 3}, "2 `names` for num_classes=3"),
        (["a", "b"], {"names": ["a", "c"]}, "label 'b' in row 1 is not among the 2 `names`"),
        ({"a": -1}, {}, "the count of 'a' must be at least 0, got -1"),
        ({"a": 1, "b": 2}, {"names": ["b"]}, "'a', with 1 rows, is not one of the classes"),
        ({0: 3, 5: 2}, {"num_classes": 3}, "5, with 2 rows, is not one of the classes"),
        ({-100: 3}, {}, "all labels are ignored"),
    ],
)
def test_labels_that_make_no_sense(labels, arguments, message):
    with pytest.raises(ValueError, match=f"class_counts: .*{message}"):
        class_counts(labels, **arguments)


@pytest.mark.parametrize(
    ("labels", "arguments", "message"),
    [
        ([0.0, 1.0], {}, r"class indices must be integers, got torch.float64. Pass labels.long\(\)"),
        (torch.tensor([1j]), {}, "class indices must be integers, got torch.complex64"),
        ([1, "a"], {}, "labels must be integers, strings or indicator rows .* got list of int"),
        (np.array([b"a"]), {}, r"labels must be .* got ndarray of \|S1"),
        (np.array([None, "a"]), {}, "labels must be .* got ndarray of NoneType"),
        (["a"], {"num_classes": 2}, r"say which classes there are with names=\[...\] instead of num_classes=2"),
        (["a"], {"multi_label": True}, "multi_label=True reads indicator rows of 0 and 1, got strings"),
        ("train.csv", {}, r"got str. For a file: xent.imbalance.counts_from_file\(path, column\)"),
        (5, {}, "`source` must be labels .* got int"),
        ([0], {"ignore_index": 1.5}, "`ignore_index` must be an int or None, not float"),
        ([0], {"num_classes": True}, "`num_classes` must be an int or None, not bool"),
        ([0], {"names": [1]}, "`names` must be one str a class"),
        ({"a": 1, 2: 3}, {}, "a mapping must lead from class indices or names to counts"),
        ({"input": torch.zeros(2), "labels": torch.zeros(2)}, {}, r"To count one batch, pass its labels, batch\[KEY\]"),
    ],
)
def test_labels_of_the_wrong_kind(labels, arguments, message):
    with pytest.raises(TypeError, match=f"class_counts: .*{message}"):
        class_counts(labels, **arguments)


@pytest.mark.parametrize("labels", [["dog", "cat", "dog"], np.array(["dog", "cat", "dog"])])
def test_strings(labels):
    found = class_counts(labels)
    assert (found.names, found.counts.tolist()) == (("cat", "dog"), [1, 2])


def test_strings_among_known_names():
    found = class_counts(["dog", "cat", "dog"], names=["owl", "dog", "cat"])
    assert (found.names, found.counts.tolist()) == (("owl", "dog", "cat"), [0, 2, 1])


INDICATORS = [[1, 0, 0], [1, 1, 0], [0, 0, 0], [1, 0, 0]]


@pytest.mark.parametrize("dtype", [torch.bool, torch.float32, torch.float64, torch.bfloat16])
def test_indicator_rows_by_their_dtype(dtype):
    found = class_counts(torch.tensor(INDICATORS).to(dtype))
    assert (found.counts.tolist(), found.total.tolist(), found.multi_label) == ([3, 1, 0], [4, 4, 4], True)


@pytest.mark.parametrize("rows", [INDICATORS, np.array(INDICATORS), torch.tensor(INDICATORS, dtype=torch.uint8)])
def test_indicator_rows_of_integers_when_said(rows):
    found = class_counts(rows, multi_label=True, names=["a", "b", "c"])
    assert (found.counts.tolist(), found.names) == ([3, 1, 0], ("a", "b", "c"))
    torch.testing.assert_close(found.prior, torch.tensor([0.75, 0.25, 0.0]))


def test_unknown_indicators_lower_the_total_of_their_class():
    found = class_counts([[1.0, -1.0], [0.0, 1.0], [-1.0, -1.0]], ignore_index=-1)
    assert (found.counts.tolist(), found.total.tolist(), found.ignored) == ([1, 1], [2, 1], 3)


@pytest.mark.parametrize("source", [{"dog": 2, "cat": 1}, Counter(["dog", "cat", "dog"])])
def test_a_mapping_from_names(source):
    found = class_counts(source)
    assert (found.names, found.counts.tolist()) == (("cat", "dog"), [1, 2])
    assert class_counts(source, names=["dog", "owl", "cat"]).counts.tolist() == [2, 0, 1]


def test_a_mapping_from_indices():
    found = class_counts(Counter([0, 2, 0, -100]), num_classes=4)
    assert (found.counts.tolist(), found.ignored) == ([2, 0, 1, 0], 1)


def test_labels_are_looked_at_piece_by_piece(monkeypatch):
    """Also where rows lie in several pieces; errors count rows from the start."""
    monkeypatch.setattr(reading, "PIECE", 4)
    labels = torch.arange(60).reshape(10, 3, 2) % 7
    assert class_counts(labels).counts.tolist() == torch.bincount(labels.flatten()).tolist()
    assert class_counts(["a", "b", "a"] * 5).counts.tolist() == [10, 5]
    assert class_counts(np.eye(3).repeat(3, axis=0)).counts.tolist() == [3, 3, 3]
    with pytest.raises(ValueError, match="label 7 in row 9 is"):
        class_counts([0] * 9 + [7], num_classes=7)
    with pytest.raises(ValueError, match="label 'c' in row 9 is"):
        class_counts(["a"] * 9 + ["c"], names=["a", "b"])


def test_labels_are_not_written_to():
    labels = torch.tensor(LABELS)
    labels_before = labels.clone()
    found = class_counts(labels, num_classes=3)
    found.counts.zero_()
    assert torch.equal(labels, labels_before)


def test_what_was_counted_is_taken_for_counts():
    torch.testing.assert_close(inverse_frequency(class_counts(LABELS)), inverse_frequency([3, 1, 1]))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([1, 2], torch.tensor([3, 3])), TypeError, "`counts` must be an int64 tensor, not list"),
        ((torch.ones(2), torch.tensor([3, 3])), TypeError, "`counts` must be an int64 tensor, not torch.float32"),
        ((torch.tensor([1, 2]), 3), TypeError, "`total` must be an int64 tensor, not int"),
        ((torch.tensor([1, 2]), torch.tensor(3)), ValueError, r"must both have shape \(C,\), .* got \(2,\) and \(\)"),
        ((torch.tensor([1, 4]), torch.tensor([3, 3])), ValueError, "`counts` must be from 0 to `total`"),
        ((torch.tensor([1, 2]), torch.tensor([3, 3]), 0, ("a",)), ValueError, "1 `names` for 2 classes"),
    ],
)
def test_a_record_that_does_not_fit_together(arguments, error, message):
    with pytest.raises(error, match=f"ClassCounts: .*{message}"):
        ClassCounts(*arguments)
