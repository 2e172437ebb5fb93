import math

import pytest
import torch
import torch.nn.functional as F

import xent


def found(logits, target, step=0, **settings):
    return xent.lint(logits, target, step=step, select=["XE403"], **settings)


def wide(classes=10, rows=200, scale=30.0):
    generator = torch.Generator().manual_seed(0)
    return scale * torch.randn(rows, classes, generator=generator), torch.arange(rows) % classes


def test_the_evidence():
    logits, target = wide()
    (finding,) = found(logits, target)
    assert finding.numbers == pytest.approx(
        {
            "loss": float(F.cross_entropy(logits, target)),
            "expected": math.log(10),
            "spread": float(logits.std()),
            "largest": float(logits.abs().max()),
        }
    )
    assert finding.probable


def test_a_linear_layer_needs_less():
    _, target = wide(4)
    torch.manual_seed(0)
    head = torch.nn.Linear(16, 4)
    features = 20 * torch.randn(200, 16)
    assert found(head(features), target)
    assert not found(head(features).detach(), target)
    assert not found(head(features / 10), target)


def test_binary():
    logits, _ = wide()
    (finding,) = found(logits, (torch.arange(2000).reshape(200, 10) % 2).float(), loss="bce")
    assert finding.numbers["expected"] == math.log(2)


def test_near_misses():
    logits, target = wide()
    assert not found(logits, target, step=1)
    assert not found(logits, target, step=None)
    assert not found(logits[:7], target[:7])  # too few to tell
    assert not found(60 * F.one_hot(target, 10) + logits / 4, target)  # it knows
    assert not found(logits / 30, target)
    for scale in (16, 30, 64):
        cosines = F.normalize(torch.randn(200, 8)) @ F.normalize(torch.randn(10, 8)).T
        assert not found(scale * cosines, target)


@pytest.mark.parametrize("classes", [2, 10, 1000])
def test_layers_as_torch_makes_them(classes):
    torch.manual_seed(classes)
    features, target = torch.randn(200, 64), torch.randint(classes, (200,))
    mlp = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, classes))
    for model in (torch.nn.Linear(64, classes), mlp):
        assert not found(model(features), target)
    assert not found(torch.full((200, classes), -4.6), F.one_hot(target, classes).float(), loss="bce")
