"""A model that was trained plainly on a long tail, judged on balanced rows."""

import torch

import xent
from tests.linter.learned import long_tailed, saved
from tests.linter.planting import plants


@plants("XE702")
def plain_training(_, draw):
    losses = (lambda _: torch.nn.CrossEntropyLoss(), lambda _: xent.FocalLoss(gamma=1.0))
    logits, target, counts = long_tailed(draw, draw.choice(losses))
    predictions, kind = saved(logits, draw)
    return {"logits": predictions, "target": target, "loss": None, "kind": kind, "counts": counts}


@plants("XE702")
def prior_added_in_prediction(_, draw):
    logits, target, counts = long_tailed(draw, xent.BalancedSoftmaxLoss, adjusted=-1.0)
    predictions, kind = saved(logits, draw)
    return {"logits": predictions, "target": target, "loss": None, "kind": kind, "counts": counts}
