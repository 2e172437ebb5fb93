import torch

import xent


def found(probabilities, target, loss=None):
    return xent.lint(probabilities, target, loss=loss, select=["XE213"])


SOFTMAX = torch.tensor([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.125, 0.125, 0.75], [0.5, 0.5, 0.0]])
SEVERAL = torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [1.0, 1.0, 1.0]])


def test_the_evidence():
    for loss in (None, torch.nn.BCELoss()):
        (finding,) = found(SOFTMAX, SEVERAL, loss)
        assert finding.numbers == {"rows": 4.0, "several": 2.0, "none": 1.0, "sum_error": 0.0}
    assert found(SOFTMAX, SEVERAL.long())


def test_near_misses():
    assert not found(SOFTMAX[:3], SEVERAL[:3])  # too few to tell
    assert not found(SOFTMAX, torch.eye(3)[[0, 1, 2, 0]])
    assert not found(SOFTMAX * 0.99, SEVERAL)
    assert not found(SOFTMAX, SEVERAL * 0.5)
    assert not found(torch.full((4, 2), 0.5), SEVERAL[:, :2])  # sigmoids of nothing but zeros
    assert not found(SOFTMAX, torch.tensor([0, 1, 2, 0]))


def test_a_stray_row():
    probabilities, target = torch.randn(200, 3).softmax(1), torch.eye(3)[torch.arange(200) % 3]
    target[0] = 1
    assert not found(probabilities, target)
    target[:4] = 1
    assert found(probabilities, target)
