"""Labels in batches: where they are found, and that they are read as a stream."""

from collections import namedtuple
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset

from xent.imbalance import class_counts

LABELS = torch.tensor([2, 0, 0, 1, 0, -100, 2])
FEATURES = torch.randn(7, 4)
EXPECTED = [3, 1, 2]
Pair = namedtuple("Pair", ["features", "answers"])


class Samples(Dataset):
    """Knows its length but does not raise IndexError beyond it, as many do."""

    def __len__(self):
        return len(LABELS)

    def __getitem__(self, index):
        return FEATURES[index % 7], int(LABELS[index % 7])


def loader(*tensors, **settings):
    return DataLoader(TensorDataset(*tensors), batch_size=3, **settings)


@pytest.mark.parametrize(
    "source",
    [
        loader(FEATURES, LABELS),
        loader(FEATURES, LABELS, shuffle=True),
        loader(LABELS),
        DataLoader(Samples(), batch_size=2),
        Samples(),
        [(FEATURES[:4], LABELS[:4]), (FEATURES[4:], LABELS[4:])],
        [Pair(FEATURES, LABELS)],
        [{"x": FEATURES, "labels": LABELS}],
        [{"x": FEATURES, "target": LABELS}],
        iter([[FEATURES.tolist(), LABELS.tolist()]]),
        LABELS.split(2),
        np.array_split(LABELS.numpy(), 3),
        iter(LABELS.tolist()),
        iter([LABELS.tolist()[:3], LABELS.tolist()[3:]]),
    ],
)
def test_labels_are_found(source):
    found = class_counts(source)
    assert (found.counts.tolist(), found.ignored) == (EXPECTED, 1)


@pytest.mark.parametrize(
    ("batch", "label"),
    [
        ((LABELS, FEATURES), 0),
        ((FEATURES, LABELS, FEATURES), -2),
        ({"y": LABELS}, "y"),
        ({"labels": FEATURES, "target": LABELS}, "target"),
        (SimpleNamespace(y=LABELS), lambda batch: batch.y),
        ({"deep": {"y": LABELS.tolist()}}, lambda batch: batch["deep"]["y"]),
    ],
)
def test_labels_are_where_it_is_said(batch, label):
    assert class_counts([batch], label=label).counts.tolist() == EXPECTED


def test_strings_in_batches():
    batches = [(FEATURES, ("dog", "cat")), (FEATURES, ["dog", "owl"])]
    found = class_counts(batches)
    assert (found.names, found.counts.tolist()) == (("cat", "dog", "owl"), [1, 2, 1])
    assert class_counts([("x", "dog"), ("y", "cat")]).names == ("cat", "dog")


def test_indicator_rows_in_batches():
    rows = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0], [1.0, 0.0]])
    found = class_counts(loader(torch.randn(4, 2), rows))
    assert (found.counts.tolist(), found.total.tolist(), found.multi_label) == ([3, 1], [4, 4], True)


def test_batches_are_let_go():
    """No batch is alive when the next but one is made: what is held does not grow with their number."""
    alive = 0
    most = 0

    class Batch:
        def __init__(self):
            nonlocal alive, most
            alive += 1
            most = max(most, alive)
            self.labels = torch.tensor([0, 1])

        def __del__(self):
            nonlocal alive
            alive -= 1

    found = class_counts((Batch() for _ in range(50)), label=lambda batch: batch.labels)
    assert found.counts.tolist() == [50, 50]
    assert most <= 2


def test_rows_are_counted_through_the_batches():
    batches = [(FEATURES, torch.tensor([0, 1, 0])), (FEATURES, torch.tensor([1, 9]))]
    with pytest.raises(ValueError, match="label 9 in row 4 is not one of the 2 classes"):
        class_counts(batches, num_classes=2)


@pytest.mark.parametrize(
    ("source", "label", "message"),
    [
        (LABELS, 0, "`label` says where in a batch the labels are, but Tensor holds no batches"),
        (
            [{"x": 1}],
            None,
            "of the keys labels, label, targets, target, a batch must have one, it has none; all its ke",
        ),
        ([{"label": 1, "target": 2}], None, r"it has 'label' and 'target'; .* Choose with label=KEY"),
        ([{"x": 1}], "y", r"label='y' finds nothing in a batch of keys \['x'\]"),
        ([(1, 2)], 5, "label=5 finds nothing in a batch of type tuple"),
        ([SimpleNamespace(y=1)], None, "no labels found in a batch of type SimpleNamespace. Say where they are"),
        ([SimpleNamespace(y=1)], "y", "label='y' finds nothing in a batch of type SimpleNamespace"),
        ([()], None, "no labels found in a batch of type tuple"),
        ([(0, torch.tensor([1])), (0, ["a"])], None, "strings follow on class indices"),
        ([(0, ["a"]), (0, torch.tensor([1]))], None, "numbers follow on strings"),
        ([(0, torch.eye(2)), (0, ["a"])], None, "strings follow on indicator rows"),
    ],
)
def test_labels_that_are_not_found(source, label, message):
    with pytest.raises(TypeError, match=f"class_counts: .*{message}"):
        class_counts(source, label=label)


def test_rows_of_other_widths():
    with pytest.raises(ValueError, match="indicator rows from row 2 on have 3 classes, not 2"):
        class_counts([(0, torch.eye(2)), (0, torch.eye(3))])
