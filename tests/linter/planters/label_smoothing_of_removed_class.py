"""Classes masked with -inf, and label smoothing left on."""

import math

import torch
import torch.nn.functional as F

from tests.linter.planting import plants


@plants("XE401")
def unavailable_classes(snapshot, draw):
    logits, target = snapshot.batch(draw)
    generator = torch.Generator().manual_seed(draw.randrange(1000))
    removed = torch.rand(logits.shape, generator=generator) < draw.choice((0.1, 0.5))
    removed[0] = True
    removed &= F.one_hot(target, snapshot.classes) == 0
    dtype = draw.choice((torch.float32, torch.float16, torch.bfloat16, torch.float64))
    eps = draw.choice((0.01, 0.1, 0.2))
    loss = draw.choice((torch.nn.CrossEntropyLoss(), F.cross_entropy))
    return {
        "logits": logits.masked_fill(removed, -math.inf).to(dtype),
        "target": target,
        "loss": loss,
        "label_smoothing": eps,
    }


@plants("XE401")
def padded_vocabulary(snapshot, draw):
    logits, target = snapshot.batch(draw)
    padding = torch.full((len(logits), draw.choice((1, 6, 28))), -math.inf)
    return {
        "logits": torch.cat([logits, padding], 1),
        "target": target,
        "loss": torch.nn.CrossEntropyLoss(label_smoothing=0.1),
    }
