"""Softmax at the end of a model for labels that do not exclude one another."""

import torch

from tests.linter.planting import plants


def _classes(logits, target):
    """At least two columns: of a single class, its complement comes first."""
    if logits.shape[1] > 1:
        return logits, target
    return torch.cat([torch.zeros_like(logits), logits], 1), torch.cat([target, target], 1)


@plants("XE213", task="multi-label")
def in_a_file(snapshot, draw):
    logits, target = _classes(*snapshot.predictions())
    dtype = draw.choice((torch.float32, torch.float64, torch.float16))
    target = target if draw.random() < 0.5 else target.long()
    return {"logits": logits.softmax(1).to(dtype), "target": target, "loss": None}


@plants("XE213", task="multi-label")
def into_bce(snapshot, draw):
    logits, target = _classes(*snapshot.batch(draw))
    return {"logits": logits.softmax(1), "target": target, "loss": torch.nn.BCELoss()}
