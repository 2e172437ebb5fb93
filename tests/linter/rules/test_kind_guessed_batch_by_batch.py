import torch

import xent

LOGITS = 3 * torch.randn(100, 4, generator=torch.Generator().manual_seed(0))
TARGET = torch.arange(100) % 4


def found(predictions):
    return xent.lint(predictions, TARGET, loss=None, select=["XE708"])


def mixed(rows):
    return torch.cat([LOGITS[:rows].softmax(1), LOGITS[rows:]])


def test_counts_the_rows():
    (finding,) = found(mixed(30))
    assert finding.numbers == {"probabilities": 30.0, "rows": 100.0}
    assert found(mixed(90))[0].numbers["probabilities"] == 90


def test_near_misses():
    assert not found(LOGITS)
    assert not found(LOGITS.softmax(1))
    assert not found(mixed(7))
    assert not found(mixed(95))
