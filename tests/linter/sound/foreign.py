"""Losses of which the linter knows only what it can try out: written by hand, on whatever they take."""

import random

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.linter.sound.drawing import Case, cast, size, sound, told
from tests.linter.worlds.moments import drawn


class FocalLoss(nn.Module):
    """As it is found in many places: of logits and labels."""

    def __init__(self, gamma: float = 2.0) -> None:
        super().__init__()
        self.gamma = gamma

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        nll = F.cross_entropy(logits, target, reduction="none")
        return ((1 - torch.exp(-nll)) ** self.gamma * nll).mean()


class SoftTargetCrossEntropy(nn.Module):
    """Of logits and probabilities."""

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        return torch.sum(-target * F.log_softmax(logits, dim=-1), dim=-1).mean()


class DiceLoss(nn.Module):
    """Of probabilities, as a softmax or a sigmoid gives them, and indicators."""

    def forward(self, probabilities: Tensor, target: Tensor) -> Tensor:
        both = (probabilities * target).sum(0)
        return 1 - ((2 * both + 1) / (probabilities.sum(0) + target.sum(0) + 1)).mean()


class MarginLoss(nn.Module):
    """Of scores of any scale."""

    def forward(self, scores: Tensor, target: Tensor) -> Tensor:
        return F.multi_margin_loss(scores, target)


class NegativeLogLikelihood(nn.Module):
    """Of log-probabilities."""

    def forward(self, logs: Tensor, target: Tensor) -> Tensor:
        return -logs.gather(1, target[:, None]).mean()


def brier(probabilities: Tensor, target: Tensor) -> Tensor:
    """Of probabilities and labels."""
    return ((probabilities - F.one_hot(target, probabilities.shape[1])) ** 2).sum(1).mean()


@sound
def of_labels(draw: random.Random) -> Case:
    moment = drawn(draw, "rows")
    logits, target = moment.batch(draw, size(draw))
    loss = draw.choice((FocalLoss(), FocalLoss(1.0), MarginLoss(), nn.MultiMarginLoss()))
    return told(draw, {"logits": cast(draw, logits), "target": target, "loss": loss}, moment, loss)


@sound
def of_soft_targets(draw: random.Random) -> Case:
    moment = drawn(draw, "rows")
    logits, target = moment.batch(draw, size(draw))
    soft = 0.9 * F.one_hot(target, moment.classes) + 0.1 / moment.classes
    return told(draw, {"logits": cast(draw, logits), "target": soft, "loss": SoftTargetCrossEntropy()}, moment)


@sound
def of_probabilities(draw: random.Random) -> Case:
    moment = drawn(draw, "rows")
    logits, target = moment.batch(draw, size(draw))
    if draw.random() < 0.5:
        return told(draw, {"logits": logits.softmax(1), "target": target, "loss": brier}, moment, brier)
    hot = F.one_hot(target, moment.classes).float()
    return told(draw, {"logits": logits.softmax(1), "target": hot, "loss": DiceLoss()}, moment)


@sound
def of_log_probabilities(draw: random.Random) -> Case:
    moment = drawn(draw, "rows")
    logits, target = moment.batch(draw, size(draw))
    loss = NegativeLogLikelihood()
    return told(draw, {"logits": logits.log_softmax(1), "target": target, "loss": loss}, moment, loss)


@sound
def of_indicators(draw: random.Random) -> Case:
    moment = drawn(draw, "indicators")
    logits, target = moment.batch(draw, min(size(draw), 64))
    if draw.random() < 0.5:
        return told(draw, {"logits": logits.sigmoid(), "target": target, "loss": DiceLoss()}, moment)
    loss = draw.choice((nn.MultiLabelSoftMarginLoss(), nn.MSELoss(), nn.HuberLoss()))
    inputs = logits if isinstance(loss, nn.MultiLabelSoftMarginLoss) else logits.sigmoid()
    return told(draw, {"logits": inputs, "target": target, "loss": loss}, moment, loss)
