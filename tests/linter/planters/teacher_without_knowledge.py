"""Labels where the logits of a teacher belong."""

import torch
import torch.nn.functional as F

import xent
from tests.linter.planting import plants


def _at_least_three(snapshot, draw):
    logits, target = snapshot.batch(draw)
    if snapshot.classes == 2:
        logits = torch.cat([logits, torch.zeros(len(logits), 1)], 1)
    return logits, F.one_hot(target, logits.shape[1]).to(draw.choice((torch.float32, torch.float64)))


@plants("XE406")
def one_hot(snapshot, draw):
    logits, hot = _at_least_three(snapshot, draw)
    temperature = draw.choice((1.0, 2.0, 4.0))
    return {"logits": logits, "target": hot, "loss": xent.DistillationLoss(temperature=temperature)}


@plants("XE406")
def smoothed(snapshot, draw):
    logits, hot = _at_least_three(snapshot, draw)
    probabilities = 0.9 * hot + 0.1 / hot.shape[1]
    target = draw.choice((probabilities, probabilities.log()))
    return {"logits": logits, "target": target, "loss": "distillation"}
