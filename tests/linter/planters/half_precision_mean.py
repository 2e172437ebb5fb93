"""torch's cross entropy of float16 logits: dense prediction, long sequences, large batches."""

import torch
import torch.nn.functional as F

from tests.linter.planting import plants


def large_batch(snapshot, draw, rows):
    """Logits of 256 rows, drawn again and again until there are as many as float16 cannot count."""
    logits, target = snapshot.batch(draw, rows=256)
    times = -(-rows // len(logits))
    return logits.detach().half().repeat(times, 1)[:rows], target.repeat(times)[:rows]


@plants("XE502")
def many_rows(snapshot, draw):
    logits, target = large_batch(snapshot, draw, rows=draw.choice((65520, 70000)))
    return {"logits": logits, "target": target, "loss": draw.choice((F.cross_entropy, torch.nn.CrossEntropyLoss()))}


@plants("XE502")
def many_rows_with_ignored_ones(snapshot, draw):
    logits, target = large_batch(snapshot, draw, rows=72000)
    target[:2000] = -100
    return {"logits": logits, "target": target, "loss": F.cross_entropy}


@plants("XE502")
def log_probabilities(snapshot, draw):
    logits, target = large_batch(snapshot, draw, rows=66000)
    return {"logits": logits.log_softmax(1), "target": target, "loss": torch.nn.NLLLoss()}
