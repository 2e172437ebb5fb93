"""A softmax at the end of the model, or in the loop."""

import torch

from tests.linter.planting import plants


@plants("XE101")
def with_graph(snapshot, draw):
    logits, target = snapshot.batch(draw)
    return {"logits": logits.softmax(1), "target": target, "loss": draw.choice(("cross_entropy", "focal"))}


@plants("XE101")
def without_graph(snapshot, draw):
    logits, target = snapshot.batch(draw)
    dtype = draw.choice((torch.float32, torch.float64, torch.bfloat16, torch.float16))
    probabilities = logits.softmax(1).to(dtype).detach()
    return {"logits": probabilities, "target": target, "label_smoothing": draw.choice((0.0, 0.1))}
