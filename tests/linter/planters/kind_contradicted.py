"""The kind of predictions said wrong."""

import torch

from tests.linter.planting import plants


@plants("XE707")
def probabilities_said_to_be_logits(snapshot, draw):
    logits, target = snapshot.predictions()
    dtype = draw.choice((torch.float32, torch.float64, torch.bfloat16))
    return {"logits": logits.softmax(1).to(dtype), "target": target, "loss": None, "kind": "logits"}


@plants("XE707")
def logits_said_to_be_something_else(snapshot, draw):
    logits, target = snapshot.predictions()
    kind = draw.choice(("probabilities", "log-probabilities"))
    return {"logits": logits.half(), "target": target, "loss": None, "kind": kind}


@plants("XE707", task="multi-label")
def of_independent_classes(snapshot, draw):
    logits, target = snapshot.predictions()
    kind = draw.choice(("probabilities", "logits"))
    return {
        "logits": logits if kind == "probabilities" else logits.sigmoid(),
        "target": target,
        "loss": None,
        "kind": kind,
    }
