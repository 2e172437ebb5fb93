"""Weights that are the class frequencies, or their roots, instead of one over them."""

import torch

from tests.linter.planting import plants
from tests.linter.tails import batch_like, long_tail
from tests.linter.trainings import single_label


@plants("XE305")
def frequencies(snapshot, draw):
    logits, target = snapshot.batch(draw)
    counts = long_tail(snapshot.classes, draw)
    weight = (counts / counts.sum()) ** draw.choice((1.0, 0.5))
    loss = torch.nn.CrossEntropyLoss(weight) if draw.random() < 0.5 else torch.nn.NLLLoss(weight)
    return {"logits": logits, "target": target, "loss": loss, "counts": counts}


@plants("XE305")
def without_counts(snapshot, draw):
    snapshot = draw.choice([other for other in single_label() if 5 <= other.classes <= 20])
    counts = long_tail(snapshot.classes, draw, draw.choice((30, 100)))
    logits, target = batch_like(snapshot, counts, draw, draw.choice((256, 512)))
    weight = counts / counts.sum() * snapshot.classes
    return {"logits": logits.half(), "target": target, "weight": weight.half()}
