"""Logarithms on both sides of kl_div without log_target=True, and log_target=True with probabilities."""

import torch
import torch.nn.functional as F

from tests.linter.planters.kl_of_probabilities import teacher
from tests.linter.planting import plants


@plants("XE107")
def logarithms(snapshot, draw):
    logits, _ = snapshot.batch(draw)
    target = teacher(logits, draw)
    target = draw.choice((target.log_softmax(1), target))
    return {"logits": logits.log_softmax(1), "target": target, "loss": F.kl_div, "reduction": "batchmean"}


@plants("XE107")
def probabilities(snapshot, draw):
    logits, _ = snapshot.batch(draw)
    dtype = draw.choice((torch.float32, torch.float64, torch.bfloat16, torch.float16))
    target = teacher(logits, draw).softmax(1).to(dtype)
    loss = torch.nn.KLDivLoss(reduction="batchmean", log_target=True)
    return {"logits": logits.log_softmax(1).to(dtype), "target": target, "loss": loss}
