"""Weights made of the labels of one batch, or of another number of classes."""

import torch

from tests.linter.planting import plants


@plants("XE304")
def of_the_labels_that_occur(snapshot, draw):
    logits, target = snapshot.batch(draw, rows=64)
    target = target.masked_fill(target == int(target[0]), int(target[-1]))  # a label that does not occur
    _, counts = target.unique(return_counts=True)
    return {"logits": logits, "target": target, "weight": len(target) / counts}


@plants("XE304")
def a_class_for_the_background(snapshot, draw):
    logits, target = snapshot.batch(draw)
    weight = torch.rand(snapshot.classes + draw.choice((-1, 1))) + 0.5
    return {"logits": logits, "target": target, "loss": torch.nn.CrossEntropyLoss(weight)}


@plants("XE304", task="multi-label")
def a_weight_too_few(snapshot, draw):
    logits, target = snapshot.batch(draw)
    pos_weight = torch.rand(snapshot.classes + 2) + 0.5
    return {
        "logits": logits,
        "target": target,
        "loss": "binary_cross_entropy_with_logits",
        draw.choice(("weight", "pos_weight")): pos_weight,
    }
