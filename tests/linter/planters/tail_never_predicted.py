"""A noise-robust loss on a long tail, judged on balanced rows."""

from functools import partial

import torch

import xent
from tests.linter.learned import long_tailed, saved
from tests.linter.planting import plants


@plants("XE705")
def robust_losses(_, draw):
    made = draw.choice((lambda _: xent.MeanAbsoluteErrorLoss(), lambda _: xent.GeneralizedCrossEntropyLoss(q=0.95)))
    descent = partial(torch.optim.SGD, lr=0.2, momentum=0.9)
    logits, target, counts = long_tailed(draw, made, sizes=(10, 20), optimizer=descent)
    predictions, kind = saved(logits, draw)
    given = {"counts": counts} if draw.random() < 0.5 else {}
    return {"logits": predictions, "target": target, "loss": None, "kind": kind, **given}
