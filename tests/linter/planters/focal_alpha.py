"""The detectors' alpha in multi-label classification, and in a focal loss of somebody else."""

import torch
import torch.nn.functional as F

import xent
from tests.linter.planting import plants
from tests.linter.trainings import multi_label


class FocalLoss(torch.nn.Module):
    """As it is found in many projects."""

    def __init__(self, alpha=0.25, gamma=2.0):
        super().__init__()
        self.alpha, self.gamma = alpha, gamma

    def forward(self, input, target):
        nll = F.cross_entropy(input, target, reduction="none")
        return (self.alpha * (1 - torch.exp(-nll)) ** self.gamma * nll).mean()


def sigmoid_focal_loss(inputs, targets, alpha=0.25, gamma=2):
    """With torchvision's signature."""
    nll = F.binary_cross_entropy_with_logits(inputs, targets, reduction="none")
    return ((alpha * targets + (1 - alpha) * (1 - targets)) * (1 - torch.exp(-nll)) ** gamma * nll).mean()


def rare(snapshot, draw):
    """A training of rare labels."""
    return snapshot if snapshot.classes >= 4 else draw.choice([s for s in multi_label() if s.classes >= 4])


@plants("XE309", task="multi-label")
def the_default(snapshot, draw):
    logits, target = rare(snapshot, draw).batch(draw)
    return {"logits": logits, "target": target, "loss": draw.choice(("sigmoid-focal", xent.SigmoidFocalLoss()))}


@plants("XE309", task="multi-label")
def of_somebody_else(snapshot, draw):
    logits, target = rare(snapshot, draw).batch(draw)
    return {"logits": logits.double(), "target": target, "loss": sigmoid_focal_loss}


@plants("XE309")
def of_many_classes(snapshot, draw):
    logits, target = snapshot.batch(draw)
    return {"logits": logits, "target": target, "loss": FocalLoss(alpha=draw.choice((0.25, 0.5)))}
