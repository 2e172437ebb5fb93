import torch

import xent


def found(logits, target, **settings):
    return xent.lint(logits, target, select=["XE211"], **settings)


def test_the_evidence():
    (finding,) = found(torch.randn(4, 1), torch.zeros(4, dtype=torch.long))
    assert finding.numbers == {"classes": 1.0}
    assert "shape (4, 1)" in finding.seen
    assert torch.nn.functional.cross_entropy(torch.randn(4, 1), torch.ones(4, 1)) == 0


def test_targets_of_the_inputs_shape():
    assert found(torch.randn(4, 1), torch.tensor([[0.0], [1.0], [1.0], [0.0]]))


def test_near_misses():
    assert not found(torch.randn(4, 2), torch.zeros(4, dtype=torch.long))
    assert not found(torch.randn(4, 1), torch.zeros(4, 1), loss="bce")
    assert not found(torch.randn(1, 4, 1), torch.zeros(1, 1, dtype=torch.long))
    assert not found(torch.randn(0, 1), torch.zeros(0, dtype=torch.long))
