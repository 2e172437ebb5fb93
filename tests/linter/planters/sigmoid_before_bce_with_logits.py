"""A sigmoid at the end of the model, or in the loop."""

import torch

from tests.linter.planting import plants


@plants("XE102", "multi-label")
def with_graph(snapshot, draw):
    logits, target = snapshot.batch(draw)
    loss = draw.choice(("binary_cross_entropy_with_logits", "sigmoid-focal", "asl", torch.nn.BCEWithLogitsLoss()))
    return {"logits": logits.sigmoid(), "target": target, "loss": loss}


@plants("XE102", "multi-label")
def without_graph(snapshot, draw):
    logits, target = snapshot.batch(draw)
    dtype = draw.choice((torch.float32, torch.float64, torch.bfloat16, torch.float16))
    pos_weight = draw.choice((None, torch.full((snapshot.classes,), 3.0)))
    probabilities = logits.detach().sigmoid().to(dtype)
    return {"logits": probabilities, "target": target, "loss": "bce", "pos_weight": pos_weight}
