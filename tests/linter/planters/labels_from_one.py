"""Labels counted from 1, in a data set or a batch in which the last class occurs."""

import torch

from tests.linter.planting import plants


@plants("XE201")
def in_training(snapshot, draw):
    with torch.no_grad():
        logits = snapshot.model(snapshot.features)
    return {
        "logits": logits,
        "target": snapshot.target + 1,
        "loss": draw.choice(("cross_entropy", "nll_loss", "focal")),
    }


@plants("XE201")
def in_a_batch(snapshot, draw):
    logits, target = snapshot.batch(draw)
    target[0] = snapshot.classes - 1
    dtype = draw.choice((torch.int64, torch.int32, torch.uint8))
    return {"logits": logits, "target": (target + 1).to(dtype)}


@plants("XE201")
def in_a_file(snapshot, draw):
    logits, target = snapshot.predictions()
    target = target.clone()
    target[-1] = snapshot.classes - 1
    return {"logits": logits, "target": target + 1, "loss": None, "kind": draw.choice((None, "logits"))}
