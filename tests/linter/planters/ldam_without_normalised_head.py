"""LDAM on the logits of the model that was there before."""

import torch

import xent
from tests.linter.planting import plants


class LDAMLoss(torch.nn.Module):
    """Somebody else's."""

    def __init__(self, counts, s=30):
        super().__init__()
        margins = counts**-0.25
        self.margins, self.s = margins * 0.5 / margins.max(), s

    def forward(self, logits, target):
        moved = logits.scatter_add(1, target[:, None], -self.margins[target][:, None])
        return torch.nn.functional.cross_entropy(self.s * moved, target)


@plants("XE404")
def linear_head(snapshot, draw):
    logits, target = snapshot.batch(draw)
    dtype = draw.choice((torch.float32, torch.float64, torch.bfloat16))
    return {"logits": logits.to(dtype), "target": target, "loss": xent.LDAMLoss(snapshot.counts)}


@plants("XE404")
def deferred(snapshot, draw):
    logits, target = snapshot.batch(draw)
    criterion = xent.DeferredReweighting(
        xent.LDAMLoss(snapshot.counts),
        start=draw.choice((0, 160)),
        weight=xent.imbalance.inverse_frequency(snapshot.counts),
    )
    return {"logits": logits, "target": target, "loss": criterion}


@plants("XE404")
def of_somebody_else(snapshot, draw):
    logits, target = snapshot.batch(draw)
    while logits.abs().max() < 1.1:  # a model that has just begun may keep within a cosine's bounds
        logits = 2 * logits
    return {"logits": logits.detach(), "target": target, "loss": LDAMLoss(snapshot.counts.double())}
