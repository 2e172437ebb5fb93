"""Batches of which next to nothing is left."""

import torch

from tests.linter.planting import plants


@plants("XE203")
def truncated_answers(snapshot, draw):
    logits, target = snapshot.batch(draw, rows=draw.choice((512, 2000)))
    kept = draw.randint(1, len(target) // 20)
    target[kept:] = -100
    return {"logits": logits, "target": target, "loss": draw.choice(("cross_entropy", "nll_loss", "label-smoothing"))}


@plants("XE203")
def mask_upside_down(snapshot, draw):
    logits, target = snapshot.batch(draw, rows=1024)
    index = draw.choice((-1, 255))
    kept = torch.randperm(1024, generator=torch.Generator().manual_seed(draw.randrange(1000)))[: draw.randint(1, 60)]
    ignored = torch.full_like(target, index)
    ignored[kept] = target[kept]
    return {"logits": logits, "target": ignored, "ignore_index": index}
