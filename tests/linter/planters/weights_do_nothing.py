"""Weights and a mean over one row, over rows of one class, or weights that are all the same."""

import torch

from tests.linter.planting import plants
from tests.linter.tails import batch_like, long_tail
from xent.imbalance import inverse_frequency


@plants("XE301")
def batch_of_one(snapshot, draw):
    logits, target = snapshot.batch(draw, rows=1)
    weight = inverse_frequency(long_tail(snapshot.classes, draw))
    return {"logits": logits, "target": target, "weight": weight, "loss": draw.choice(("cross_entropy", "focal"))}


@plants("XE301")
def batches_of_one_class(snapshot, draw):
    counts = long_tail(snapshot.classes, draw)
    rare = torch.nn.functional.one_hot(counts.argmin(), snapshot.classes)
    logits, target = batch_like(snapshot, rare, draw, draw.choice((32, 64)))
    criterion = torch.nn.CrossEntropyLoss(weight=inverse_frequency(counts).float())
    return {"logits": logits.bfloat16(), "target": target, "loss": criterion, "counts": counts}


@plants("XE301")
def the_same_weight_for_all(snapshot, draw):
    logits, target = snapshot.batch(draw)
    weight = torch.full((snapshot.classes,), draw.choice((0.1, 2.0, 10.0, 1 / snapshot.classes)))
    loss = draw.choice((torch.nn.CrossEntropyLoss(weight), torch.nn.NLLLoss(weight)))
    return {"logits": logits.log_softmax(1), "target": target, "loss": loss}
