"""A softmax at the end of the model, and one more where it is exported."""

import torch

from tests.linter.learned import learned
from tests.linter.planting import plants


@plants("XE706")
def exported(snapshot, draw):
    logits, target = learned(snapshot, draw).predictions()
    twice = logits.softmax(1).softmax(1).to(draw.choice((torch.float32, torch.float64)))
    kind = draw.choice((None, "probabilities", "log-probabilities"))
    return {
        "logits": twice.log() if kind == "log-probabilities" else twice,
        "target": target,
        "loss": None,
        "kind": kind,
    }
