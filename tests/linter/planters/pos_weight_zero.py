"""A pos_weight of 0 to ignore classes."""

import torch

from tests.linter.planting import plants


@plants("XE307", task="multi-label")
def some_classes(snapshot, draw):
    logits, target = snapshot.batch(draw)
    pos_weight = torch.ones(snapshot.classes) * draw.choice((1.0, 3.0))
    pos_weight[draw.sample(range(snapshot.classes), k=draw.randint(1, max(1, snapshot.classes // 3)))] = 0
    return {"logits": logits, "target": target, "loss": torch.nn.BCEWithLogitsLoss(pos_weight=pos_weight)}


@plants("XE307", task="multi-label")
def labels_of_another_source(snapshot, draw):
    logits, target = snapshot.batch(draw)
    pos_weight = (torch.arange(snapshot.classes) % 2).to(torch.bfloat16)
    loss = "binary_cross_entropy_with_logits"
    return {"logits": logits.bfloat16(), "target": target, "loss": loss, "pos_weight": pos_weight}
