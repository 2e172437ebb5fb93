import pytest
import torch

import xent


def found(target, loss="bce", **settings):
    return xent.lint(torch.zeros(target.shape), target, loss=loss, select=["XE209"], **settings)


MARKED = torch.tensor([[0.0, 1.0], [255.0, -1.0]])


def test_the_evidence():
    (finding,) = found(MARKED)
    assert finding.numbers == {"outside": 2.0, "lowest": -1.0, "highest": 255.0, "targets": 4.0}


def test_the_figure_of_the_page():
    loss = torch.nn.functional.binary_cross_entropy_with_logits(torch.tensor(5.0), torch.tensor(255.0))
    assert float(loss) == pytest.approx(-1270, abs=0.01)


def test_near_misses():
    assert not found(torch.tensor([0.0, 1.0, 0.5, -1e-7, 1 + 1e-6]))
    assert not found(torch.tensor([True, False]))
    assert not found(MARKED, mask=torch.tensor([[True, True], [False, False]]))
    assert not found(MARKED.clamp(max=1), ignore_index=-1)
    assert found(MARKED, ignore_index=-1)
    assert not found(torch.zeros(0, 3))
    assert not found(MARKED, loss=torch.nn.MSELoss())
