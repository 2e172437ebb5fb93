"""kl_div with the reduction that it has when none is given."""

import warnings

import torch
import torch.nn.functional as F

from tests.linter.planters.kl_of_probabilities import teacher
from tests.linter.planting import plants


@plants("XE108")
def by_default(snapshot, draw):
    logits, _ = snapshot.batch(draw)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, of newer versions
        loss = draw.choice((F.kl_div, "kl_div", torch.nn.KLDivLoss()))
    return {"logits": logits.log_softmax(1), "target": teacher(logits, draw).softmax(1), "loss": loss}


@plants("XE108")
def said(snapshot, draw):
    logits, _ = snapshot.batch(draw)
    target = teacher(logits, draw).log_softmax(1)
    return {
        "logits": logits.log_softmax(1),
        "target": target,
        "loss": "kl_div",
        "reduction": "mean",
        "log_target": True,
    }
