"""A training that has diverged: nan and infinities among the logits of rows that count."""

import torch

from tests.linter.planting import plants

NAN, INF = float("nan"), float("inf")


@plants("XE501")
def one_number(snapshot, draw):
    logits, target = snapshot.batch(draw)
    dtype = draw.choice((torch.float32, torch.bfloat16, torch.float16, torch.float64))
    logits = logits.to(dtype).clone()
    logits[draw.randrange(len(logits)), draw.randrange(logits.shape[1])] = draw.choice((NAN, INF))
    return {"logits": logits, "target": target, "loss": draw.choice(("cross_entropy", "focal", None))}


@plants("XE501")
def removed_label(snapshot, draw):
    """A mask that hides the label's class, or all classes."""
    logits, target = snapshot.batch(draw)
    row = draw.randrange(len(logits))
    removed = torch.zeros_like(logits, dtype=torch.bool)
    removed[row, draw.choice((int(target[row]), slice(None)))] = True
    loss = draw.choice(("cross_entropy", torch.nn.CrossEntropyLoss(ignore_index=-1)))
    return {"logits": logits.masked_fill(removed, -INF), "target": target, "loss": loss}


@plants("XE501")
def overflow(snapshot, draw):
    """Logits beyond float16's 65504."""
    logits, target = snapshot.batch(draw)
    return {"logits": (logits * 1e7).half(), "target": target}


@plants("XE501", "multi-label")
def multi_label(snapshot, draw):
    logits, target = snapshot.batch(draw)
    logits = logits.clone()
    logits[draw.randrange(len(logits)), draw.randrange(logits.shape[1])] = draw.choice((NAN, INF))
    return {"logits": logits, "target": target, "loss": draw.choice(("bce", "zlpr", "sigmoid-focal"))}
