"""A log-softmax at the end of the model, as for nll_loss, and cross entropy as the loss."""

import torch

from tests.linter.planting import plants


@plants("XE104")
def with_graph(snapshot, draw):
    logits, target = snapshot.batch(draw)
    loss = draw.choice(("cross_entropy", "focal", "poly1", torch.nn.CrossEntropyLoss()))
    return {"logits": logits.log_softmax(1), "target": target, "loss": loss}


@plants("XE104")
def without_graph(snapshot, draw):
    logits, target = snapshot.batch(draw, rows=draw.choice((8, 64, 256)))
    dtype = draw.choice((torch.float32, torch.float64, torch.bfloat16, torch.float16))
    rows = logits.detach().log_softmax(1).to(dtype)
    return {"logits": rows, "target": target, "label_smoothing": draw.choice((0.0, 0.1))}
