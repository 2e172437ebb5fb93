import torch

import xent


def found(teacher, loss="distillation"):
    return xent.lint(torch.zeros(teacher.shape), teacher, loss=loss, select=["XE406"])


def test_the_evidence():
    (finding,) = found(torch.eye(4))
    assert finding.numbers == {"rows": 4.0, "classes": 4.0, "lead": 1.0}


def test_smoothed_labels():
    smoothed = 0.9 * torch.eye(4) + 0.025
    assert found(smoothed)
    assert found(smoothed.log())


def test_near_misses():
    assert not found(torch.eye(4)[:3])  # too few to tell
    assert not found(torch.eye(2)[[0, 1, 0, 1]])  # two classes have no others
    assert not found(torch.zeros(4, 3))
    assert not found(3 * torch.eye(4) + 0.01 * torch.randn(4, 4))
    assert not found(torch.eye(4), "cross_entropy")
    assert not found(0.9 * torch.eye(4) + 0.025, "kl_div")  # label smoothing by hand
