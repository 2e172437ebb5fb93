"""A weight below 0, out of a formula that goes wrong, and a weight of 0 for a class to be left out."""

import torch

from tests.linter.planting import plants
from tests.linter.tails import long_tail


@plants("XE312")
def logarithm_of_a_count(snapshot, draw):
    logits, target = snapshot.batch(draw)
    counts = long_tail(snapshot.classes, draw).double()
    weight = -torch.log(counts / counts.sum() * snapshot.classes / 2)  # negative for frequent classes
    return {"logits": logits, "target": target, "loss": torch.nn.CrossEntropyLoss(weight.float())}


@plants("XE312")
def class_to_be_left_out(snapshot, draw):
    logits, target = snapshot.batch(draw)
    weight = torch.ones(snapshot.classes)
    weight[draw.randrange(snapshot.classes)] = 0
    return {"logits": logits, "target": target, "weight": weight, "label_smoothing": draw.choice((0.0, 0.1))}


@plants("XE312", task="multi-label")
def a_sign(snapshot, draw):
    logits, target = snapshot.batch(draw)
    pos_weight = -torch.rand(snapshot.classes) - 0.1
    return {
        "logits": logits,
        "target": target,
        "loss": "binary_cross_entropy_with_logits",
        draw.choice(("weight", "pos_weight")): pos_weight,
    }
