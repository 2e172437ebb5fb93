"""One over a count of 0."""

import torch

from tests.linter.planting import plants
from tests.linter.tails import long_tail


@plants("XE303")
def class_without_rows(snapshot, draw):
    logits, target = snapshot.batch(draw)
    counts = long_tail(snapshot.classes, draw)
    counts[draw.randrange(snapshot.classes)] = 0
    dtype = draw.choice((torch.float32, torch.float64, torch.bfloat16))
    given = {"counts": counts} if draw.random() < 0.5 else {}
    return {"logits": logits.to(dtype), "target": target, "weight": (1 / counts).to(dtype), **given}


@plants("XE303", task="multi-label")
def label_without_positives(snapshot, draw):
    logits, target = snapshot.batch(draw)
    positives = target.sum(0)
    positives[draw.randrange(snapshot.classes)] = 0
    pos_weight = (len(target) - positives) / positives
    return {
        "logits": logits,
        "target": target,
        "loss": draw.choice(("binary_cross_entropy_with_logits", torch.nn.BCEWithLogitsLoss(pos_weight=pos_weight))),
        "pos_weight": pos_weight,
    }


@plants("XE303")
def zero_over_zero(snapshot, draw):
    logits, target = snapshot.batch(draw)
    weight = torch.rand(snapshot.classes)
    weight[draw.randrange(snapshot.classes)] = torch.nan
    return {"logits": logits, "target": target, "loss": torch.nn.CrossEntropyLoss(weight, label_smoothing=0.1)}
