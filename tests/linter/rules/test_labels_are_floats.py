import pytest
import torch

import xent


def found(target, **settings):
    return xent.lint(torch.zeros(3, 4), target, select=["XE214"], **settings)


def by_hand(logits, target):
    return ((logits.argmax(1) - target) ** 2).mean()


def test_the_evidence():
    (finding,) = found(torch.tensor([0.0, 3.0, 1.0]))
    assert finding.numbers == {"lowest": 0.0, "highest": 3.0, "rows": 3.0}
    assert finding.seen.endswith("whole numbers from 0 to 3, but is float32")
    with pytest.raises(RuntimeError, match="expected target dtype to be Long or Byte, but got Float"):
        torch.nn.functional.cross_entropy(torch.zeros(3, 4), torch.tensor([0.0, 3.0, 1.0]))


def test_booleans():
    assert found(torch.tensor([True, False, True]))


def test_near_misses():
    assert not found(torch.tensor([0, 3, 1]))
    assert not found(torch.tensor([0, 3, 1], dtype=torch.uint8))
    assert not found(torch.tensor([0.5, 3.0, 1.0]))
    assert not found(torch.full((3, 4), 1.0))
    assert not found(torch.tensor([0.0, 1.0, 1.0]), loss=by_hand)
    assert not xent.lint(torch.zeros(3), torch.tensor([0.0, 1.0, 1.0]), loss="bce", select=["XE214"])
