"""Rows of padding: masked throughout, or overflown."""

import math

import torch

from tests.linter.planting import plants


@plants("XE206")
def padding(snapshot, draw):
    logits, target = snapshot.batch(draw)
    padded = draw.randint(1, len(target) - 1)
    index = draw.choice((-100, 255))
    logits, target = logits.clone(), target.clone()
    logits[-padded:] = draw.choice((-math.inf, math.nan))
    target[-padded:] = index
    loss = draw.choice((torch.nn.CrossEntropyLoss(ignore_index=index), torch.nn.functional.cross_entropy))
    return {"logits": logits, "target": target, "loss": loss, "ignore_index": index}


@plants("XE206")
def overflow(snapshot, draw):
    logits, target = snapshot.batch(draw)
    logits, target = logits.detach().half(), target.clone()
    row = draw.randrange(len(target))
    logits[row, draw.randrange(snapshot.classes)] = math.inf
    target[row] = -100
    return {"logits": logits, "target": target, "loss": torch.nn.CrossEntropyLoss()}
