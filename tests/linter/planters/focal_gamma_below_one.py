"""Focal losses as they are written by hand."""

import torch
import torch.nn.functional as F

from tests.linter.planting import plants


class Focal(torch.nn.Module):
    def __init__(self, gamma):
        super().__init__()
        self.gamma = gamma

    def forward(self, logits, target):
        loss = F.cross_entropy(logits, target, reduction="none")
        return ((1 - torch.exp(-loss)) ** self.gamma * loss).mean()


class GatheredFocal(Focal):
    def forward(self, logits, target):
        log_p = F.log_softmax(logits, 1).gather(1, target[:, None])
        return -((1 - log_p.exp()).pow(self.gamma) * log_p).mean()


class BinaryFocal(Focal):
    def forward(self, logits, target):
        loss = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
        p = logits.sigmoid()
        p_of_target = p * target + (1 - p) * (1 - target)
        return (loss * (1 - p_of_target) ** self.gamma).mean()


@plants("XE402")
def multi_class(snapshot, draw):
    logits, target = snapshot.batch(draw)
    focal = draw.choice((Focal, GatheredFocal))
    return {"logits": logits, "target": target, "loss": focal(draw.choice((0.25, 0.5, 0.9)))}


@plants("XE402", task="multi-label")
def binary(snapshot, draw):
    logits, target = snapshot.batch(draw)
    return {"logits": logits, "target": target, "loss": BinaryFocal(draw.choice((0.25, 0.5, 0.9)))}
