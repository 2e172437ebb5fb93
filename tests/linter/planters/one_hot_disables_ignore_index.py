"""One-hot targets in which rows should be ignored, or of integers."""

import torch
import torch.nn.functional as F

from tests.linter.planting import plants


@plants("XE208")
def rows_of_zeros(snapshot, draw):
    logits, target = snapshot.batch(draw)
    hot = F.one_hot(target, snapshot.classes).to(draw.choice((torch.float32, torch.float64)))
    hot[: draw.randint(1, len(target) // 2)] = 0
    return {"logits": logits, "target": hot}


@plants("XE208")
def integers(snapshot, draw):
    logits, target = snapshot.batch(draw)
    dtype = draw.choice((torch.int64, torch.int32, torch.bool, torch.uint8))
    return {"logits": logits, "target": F.one_hot(target, snapshot.classes).to(dtype)}


@plants("XE208")
def with_ignore_index(snapshot, draw):
    logits, target = snapshot.batch(draw)
    hot = F.one_hot(target, snapshot.classes).float()
    return {"logits": logits, "target": hot, "loss": torch.nn.CrossEntropyLoss(ignore_index=draw.choice((-1, 0, 255)))}
