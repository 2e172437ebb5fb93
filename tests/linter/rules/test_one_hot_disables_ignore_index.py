import pytest
import torch

import xent
from xent.linter import Severity

EMPTY = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


def found(target, **settings):
    return xent.lint(torch.zeros(target.shape), target, select=["XE208"], **settings)


def test_rows_of_zeros():
    (finding,) = found(EMPTY)
    assert finding.numbers == {"rows": 3.0, "empty": 1.0}
    assert finding.severity is Severity.WARNING
    # ln 3 for two of the rows, and a mean over three
    assert torch.nn.functional.cross_entropy(torch.zeros(3, 3), EMPTY) == pytest.approx(2 / 3 * torch.tensor(3.0).log())


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool])
def test_integers(dtype):
    (finding,) = found(torch.eye(3).to(dtype))
    assert finding.severity is Severity.ERROR
    with pytest.raises(RuntimeError, match="Expected floating point type"):
        torch.nn.functional.cross_entropy(torch.zeros(3, 3), torch.eye(3).to(dtype))


def test_an_index_that_has_no_effect():
    (finding,) = found(torch.eye(3), ignore_index=-1)
    assert finding.seen == "ignore_index=-1 has no effect on a one-hot target"


def test_near_misses():
    assert not found(torch.eye(3))
    assert not found(torch.eye(3), ignore_index=-100)
    assert not found(EMPTY, mask=torch.tensor([True, False, True]))
    assert not found(0.9 * torch.eye(3) + 0.1 / 3, ignore_index=-1)
    assert not found(torch.ones(3, 3))  # XE207
    assert not found(torch.zeros(3, 3))
    assert not found(torch.ones(3, 1))
    assert not found(EMPTY, loss="distillation")
    assert not found(EMPTY, loss="bce")
