"""ignore_index=0 taken from other code, or a class number mistaken for a mark."""

import torch

from tests.linter.planting import plants


def _frequent(target):
    """A class of which there are at least twenty rows."""
    counts = torch.bincount(target)
    return torch.nonzero(counts >= min(20, int(counts.max()))).flatten().tolist()


@plants("XE204")
def first_class(snapshot, draw):
    logits, target = snapshot.batch(draw, rows=256)
    target[torch.randperm(256, generator=torch.Generator().manual_seed(draw.randrange(1000)))[:16]] = 0
    return {"logits": logits, "target": target, "ignore_index": 0}


@plants("XE204")
def some_class(snapshot, draw):
    logits, target = snapshot.batch(draw, rows=draw.choice((1000, 2000)))
    index = draw.choice(_frequent(target))
    return {"logits": logits, "target": target, "loss": torch.nn.CrossEntropyLoss(ignore_index=index)}
