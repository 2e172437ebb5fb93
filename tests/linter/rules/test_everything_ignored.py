import pytest
import torch

import xent
from xent.linter import Severity


def found(target, loss="cross_entropy", **settings):
    return xent.lint(torch.zeros(4, 3), target, loss=loss, select=["XE205"], **settings)


IGNORED = torch.full((4,), -100)
LABELS = torch.tensor([0, 1, 2, -100])
NONE = torch.zeros(4, dtype=torch.bool)


def test_the_evidence():
    (finding,) = found(IGNORED)
    assert finding.numbers == {"labels": 4.0}
    assert finding.severity is Severity.ERROR
    assert xent.cross_entropy(torch.zeros(4, 3), IGNORED).isnan()


def test_a_sum_is_no_nan():
    (finding,) = found(IGNORED, reduction="sum")
    assert finding.severity is Severity.INFO
    assert xent.cross_entropy(torch.zeros(4, 3), IGNORED, reduction="sum") == 0


@pytest.mark.parametrize(
    "settings",
    [{"mask": NONE}, {"mask": torch.tensor([False, False, False, True])}, {"sample_weight": torch.zeros(4)}],
    ids=["mask", "mask and ignore_index", "sample_weight"],
)
def test_nothing_is_left_by(settings):
    assert found(LABELS, **settings)


def test_targets_that_are_numbers():
    assert found(torch.full((4, 3), 1 / 3), mask=NONE)
    assert found(torch.full((4, 3), -1.0), loss="bce", ignore_index=-1)
    halves = torch.tensor([[0.0, -1.0, -1.0]] * 4)
    assert found(halves, loss="bce", ignore_index=-1, mask=halves != 0)


def test_near_misses():
    assert not found(LABELS)
    assert not found(LABELS, mask=~NONE)
    assert not found(IGNORED, ignore_index=-1)  # XE202
    assert not found(torch.full((4, 3), -1.0), loss="bce")
    assert not found(torch.full((4, 3), 1 / 3))
    assert not xent.lint(torch.zeros(0, 3), torch.zeros(0, dtype=torch.long), select=["XE205"])
