"""A mean of one's own: of a vector of losses in which the ignored rows are 0, or divided by the wrong number."""

import torch
import torch.nn.functional as F

from tests.linter.planting import plants


def padded(target, draw):
    """Labels of which a share is ignored."""
    torch.manual_seed(draw.randrange(1000))
    return target.masked_fill(torch.rand(target.shape) < draw.choice((0.1, 0.3, 0.6)), -100)


@plants("XE504")
def mean_of_zeros(snapshot, draw):
    logits, target = snapshot.batch(draw)
    target = padded(target, draw)
    value = F.cross_entropy(logits.double(), target, reduction="none").mean()
    return {"logits": logits, "target": target, "loss": draw.choice(("cross_entropy", F.cross_entropy)), "value": value}


@plants("XE504")
def weighted_by_hand(snapshot, draw):
    logits, target = snapshot.batch(draw)
    weight = snapshot.counts.sum() / snapshot.counts.double()
    value = F.cross_entropy(logits.double(), target, weight=weight, reduction="none").mean()
    return {"logits": logits, "target": target, "weight": weight.float(), "value": value}


@plants("XE504")
def not_divided(snapshot, draw):
    logits, target = snapshot.batch(draw)
    return {"logits": logits, "target": target, "value": F.cross_entropy(logits.double(), target, reduction="sum")}
