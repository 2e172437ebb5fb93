"""Positives over negatives."""

import torch

from tests.linter.planting import plants
from tests.linter.trainings import multi_label


@plants("XE306", task="multi-label")
def with_counts(snapshot, draw):
    snapshot = draw.choice([other for other in multi_label() if other.classes >= 4])
    logits, target = snapshot.batch(draw)
    rows, positives = len(snapshot.target), snapshot.counts
    pos_weight = positives / (rows - positives)
    loss = torch.nn.BCEWithLogitsLoss(pos_weight=pos_weight)
    return {"logits": logits, "target": target, "loss": loss, "counts": positives}


@plants("XE306", task="multi-label")
def without_counts(snapshot, draw):
    snapshot = draw.choice([other for other in multi_label() if other.classes >= 4])
    logits, target = snapshot.batch(draw, rows=draw.choice((128, 256)))
    pos_weight = snapshot.counts / (len(snapshot.target) - snapshot.counts)
    loss = "binary_cross_entropy_with_logits"
    return {"logits": logits.bfloat16(), "target": target, "loss": loss, "pos_weight": pos_weight.bfloat16()}


@plants("XE306", task="multi-label")
def one_question(snapshot, draw):
    snapshot = draw.choice([other for other in multi_label() if other.classes >= 12])
    logits, target = snapshot.batch(draw, rows=256)
    rare = int((target.sum(0) - 35).abs().argmin())  # one class in seven rows
    target = target[:, rare : rare + 1]
    pos_weight = target.mean() / (1 - target.mean())
    loss = "binary_cross_entropy_with_logits"
    return {"logits": logits[:, rare : rare + 1], "target": target, "loss": loss, "pos_weight": pos_weight}
