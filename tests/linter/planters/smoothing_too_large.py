"""The share that the label keeps, given as the share that it gives away."""

import torch

import xent
from tests.linter.planting import plants


@plants("XE407")
def kept_for_given(snapshot, draw):
    logits, target = snapshot.batch(draw)
    eps = draw.choice((0.5, 0.8, 0.9, 0.95, 1.0))
    loss = draw.choice((torch.nn.CrossEntropyLoss(label_smoothing=eps), xent.FocalLoss(label_smoothing=eps)))
    return {"logits": logits, "target": target, "loss": loss}


@plants("XE407", task="multi-label")
def binary(snapshot, draw):
    logits, target = snapshot.batch(draw)
    return {"logits": logits, "target": target, "loss": "bce", "label_smoothing": draw.choice((0.5, 0.9, 1.0))}
