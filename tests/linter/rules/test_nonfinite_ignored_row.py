import math

import pytest
import torch
import torch.nn.functional as F

import xent

TARGET = torch.tensor([0, -100, 1])


def logits(value, whole_row=True):
    z = torch.tensor([[1.0, 2.0, 3.0]] * 3)
    z[1, 0 if not whole_row else slice(None)] = value
    return z


def found(z, target=TARGET, loss=F.cross_entropy):
    return xent.lint(z, target, loss=loss, select=["XE206"])


@pytest.mark.parametrize("z", [logits(-math.inf), logits(math.nan), logits(math.inf, whole_row=False)])
def test_the_evidence_and_torch_itself(z):
    (finding,) = found(z)
    assert finding.numbers == {"rows": 1.0, "spoilt": 1.0}
    z = z.clone().requires_grad_()
    loss = F.cross_entropy(z, TARGET)
    loss.backward()
    assert loss.isfinite()
    assert z.grad[1].isnan().all()


def test_near_misses():
    assert not found(logits(-math.inf, whole_row=False))
    assert not found(logits(math.nan), torch.tensor([0, 1, -100]))
    assert not found(logits(5.0))
    assert not found(logits(math.nan), loss=xent.CrossEntropyLoss())
    assert not found(logits(math.nan), loss="focal")
    assert found(logits(math.nan), loss=torch.nn.CrossEntropyLoss())
