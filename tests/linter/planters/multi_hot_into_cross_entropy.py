"""Indicators of several labels, or scores that are no distribution, given to a softmax."""

import torch
import torch.nn.functional as F

from tests.linter.planting import plants


@plants("XE207")
def second_label(snapshot, draw):
    logits, target = snapshot.batch(draw)
    dtype = draw.choice((torch.float32, torch.float64, torch.bfloat16, torch.float16))
    hot = F.one_hot(target, snapshot.classes).to(dtype)
    other = (target + draw.randint(1, snapshot.classes - 1)) % snapshot.classes
    several = torch.rand(len(target), generator=torch.Generator().manual_seed(draw.randrange(1000))) < 0.2
    several[draw.randrange(len(target))] = True
    hot[several, other[several]] = 1
    loss = draw.choice(("cross_entropy", "label-smoothing", torch.nn.CrossEntropyLoss()))
    return {"logits": logits.to(dtype), "target": hot, "loss": loss}


@plants("XE207")
def scores(snapshot, draw):
    logits, target = snapshot.batch(draw)
    soft = F.one_hot(target, snapshot.classes) * 0.6 + logits.detach().sigmoid() * 0.3
    return {"logits": logits, "target": soft}


@plants("XE207")
def both_mixed_images(snapshot, draw):
    logits, target = snapshot.batch(draw)
    hot = F.one_hot(target, snapshot.classes).float()
    share = draw.uniform(0.2, 0.8)
    return {"logits": logits, "target": hot + share * hot.flip(0)}
