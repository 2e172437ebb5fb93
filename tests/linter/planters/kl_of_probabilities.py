"""kl_div of two softmaxes, as the formula reads, or of logits and a softmax."""

import torch
import torch.nn.functional as F

from tests.linter.planting import plants


def teacher(logits, draw):
    """Another model's opinion: the same logits, shaken and cooled."""
    torch.manual_seed(draw.randrange(1000))
    return ((logits + torch.randn_like(logits)) / draw.choice((1.0, 2.0, 4.0))).detach()


@plants("XE106")
def probabilities(snapshot, draw):
    logits, _ = snapshot.batch(draw)
    dtype = draw.choice((torch.float32, torch.float64, torch.bfloat16, torch.float16))
    given = logits.softmax(1).to(dtype)
    return {
        "logits": draw.choice((given, given.detach())),
        "target": teacher(logits, draw).softmax(1).to(dtype),
        "loss": draw.choice((F.kl_div, torch.nn.KLDivLoss(reduction="batchmean"))),
    }


@plants("XE106")
def raw_logits(snapshot, draw):
    logits, _ = snapshot.batch(draw)
    return {
        "logits": draw.choice((logits, logits.detach())),
        "target": teacher(logits, draw).softmax(1),
        "loss": "kl_div",
        "reduction": draw.choice(("batchmean", "sum")),
    }
