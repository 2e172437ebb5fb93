"""Labels that were read as floats, or made with torch.Tensor."""

import torch

from tests.linter.planting import plants


@plants("XE214")
def floats(snapshot, draw):
    logits, target = snapshot.batch(draw)
    dtype = draw.choice((torch.float32, torch.float64, torch.float16))
    loss = draw.choice(("cross_entropy", "nll_loss", torch.nn.CrossEntropyLoss(), "focal"))
    return {"logits": logits, "target": target.to(dtype), "loss": loss}


@plants("XE214")
def a_comparison(snapshot, draw):
    logits, target = snapshot.batch(draw)
    return {"logits": logits[:, :2], "target": target == draw.randrange(snapshot.classes)}
