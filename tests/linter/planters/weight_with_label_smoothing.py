"""Label smoothing switched on beside class weights."""

import torch

import xent
from tests.linter.planting import plants
from tests.linter.tails import long_tail
from xent.imbalance import inverse_frequency


@plants("XE302")
def inverse_weights(snapshot, draw):
    logits, target = snapshot.batch(draw)
    weight = inverse_frequency(long_tail(snapshot.classes, draw, draw.choice((30, 100, 300))))
    eps = draw.choice((0.1, 0.2))
    module = draw.choice((torch.nn.CrossEntropyLoss, xent.CrossEntropyLoss))
    return {"logits": logits, "target": target, "loss": module(weight=weight, label_smoothing=eps)}


@plants("XE302")
def a_named_loss(snapshot, draw):
    logits, target = snapshot.batch(draw)
    counts = long_tail(snapshot.classes, draw, draw.choice((30, 100)))
    loss = xent.InverseFrequencyLoss(counts, label_smoothing=draw.choice((0.1, 0.2)))
    return {"logits": logits.double(), "target": target, "loss": loss}
