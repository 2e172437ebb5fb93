"""The sigmoid is forgotten before binary cross entropy."""

import torch
import torch.nn.functional as F

from tests.linter.planting import plants


@plants("XE103", "multi-label")
def with_graph(snapshot, draw):
    logits, target = snapshot.batch(draw)
    return {"logits": logits, "target": target, "loss": draw.choice((F.binary_cross_entropy, torch.nn.BCELoss()))}


@plants("XE103", "multi-label")
def without_graph(snapshot, draw):
    logits, target = snapshot.batch(draw)
    dtype = draw.choice((torch.float32, torch.bfloat16, torch.float16))
    return {"logits": logits.detach().to(dtype), "target": target.to(dtype), "loss": "binary_cross_entropy"}


@plants("XE103", "multi-label")
def all_inside(snapshot, draw):
    """A last layer whose outputs happen to lie in [0, 1], as after an initialisation around a half."""
    torch.manual_seed(draw.randrange(1000))
    last = torch.nn.Linear(snapshot.features.shape[1], snapshot.classes, bias=draw.random() < 0.5)
    torch.nn.init.normal_(last.weight, std=1e-3)
    if last.bias is not None:
        torch.nn.init.constant_(last.bias, 0.5)
    rows = draw.choice((8, 64))
    logits = last(snapshot.features[:rows]) if last.bias is not None else last(snapshot.features[:rows].abs())
    return {"logits": logits, "target": snapshot.target[:rows], "loss": "binary_cross_entropy"}
