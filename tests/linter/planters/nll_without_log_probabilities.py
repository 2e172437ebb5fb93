"""nll_loss after a softmax without a logarithm, or after nothing at all."""

import torch
import torch.nn.functional as F

from tests.linter.planting import plants


@plants("XE105")
def probabilities(snapshot, draw):
    logits, target = snapshot.batch(draw)
    dtype = draw.choice((torch.float32, torch.bfloat16, torch.float16))
    given = logits.softmax(1).to(dtype)
    return {
        "logits": draw.choice((given, given.detach())),
        "target": target,
        "loss": draw.choice((F.nll_loss, torch.nn.NLLLoss())),
    }


@plants("XE105")
def raw_logits(snapshot, draw):
    logits, target = snapshot.batch(draw)
    dtype = draw.choice((torch.float32, torch.bfloat16, torch.float16))
    given = logits.to(dtype)
    return {"logits": draw.choice((given, given.detach())), "target": target, "loss": "nll_loss"}
