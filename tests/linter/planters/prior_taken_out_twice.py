"""Logits adjusted after a training that had taken the prior out."""

import xent
from tests.linter.learned import long_tailed, saved
from tests.linter.planting import plants


@plants("XE703")
def adjusted_after_training(_, draw):
    made = draw.choice((xent.BalancedSoftmaxLoss, xent.LogitAdjustedLoss, xent.InverseFrequencyLoss))
    logits, target, counts = long_tailed(draw, made, adjusted=1.0)
    predictions, kind = saved(logits, draw)
    return {"logits": predictions, "target": target, "loss": None, "kind": kind, "counts": counts}
