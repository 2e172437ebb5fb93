"""A model with one output, and cross entropy."""

import torch

from tests.linter.planting import plants


@plants("XE211")
def labels_of_zero(snapshot, draw):
    logits, target = snapshot.batch(draw)
    dtype = draw.choice((torch.float32, torch.bfloat16, torch.float64))
    return {"logits": logits[:, :1].to(dtype), "target": torch.zeros_like(target)}


@plants("XE211")
def floats(snapshot, draw):
    logits, target = snapshot.batch(draw)
    loss = draw.choice(("cross_entropy", torch.nn.CrossEntropyLoss(), "focal"))
    return {"logits": logits[:, :1], "target": (target == 1).float()[:, None], "loss": loss}
