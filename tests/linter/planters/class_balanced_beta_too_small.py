"""A beta that is too small for the counts, or the root of a root."""

import torch

import xent
from tests.linter.planting import plants
from tests.linter.tails import long_tail
from xent.imbalance import effective_number, inverse_frequency


@plants("XE310")
def beta_of_a_small_dataset(snapshot, draw):
    logits, target = snapshot.batch(draw)
    counts = 10 * long_tail(snapshot.classes, draw)
    loss = xent.ClassBalancedLoss(counts, beta=draw.choice((0.5, 0.9, 0.95)))
    return {"logits": logits, "target": target, "loss": loss, "counts": counts}


@plants("XE310")
def weights_of_it(snapshot, draw):
    logits, target = snapshot.batch(draw)
    counts = long_tail(snapshot.classes, draw)
    counts = 100 * counts // counts.min()
    weight = effective_number(counts, beta=0.95) if draw.random() < 0.5 else inverse_frequency(counts, 0.03)
    loss = torch.nn.CrossEntropyLoss(weight.to(logits.dtype))
    return {"logits": logits, "target": target, "loss": loss, "counts": counts}
