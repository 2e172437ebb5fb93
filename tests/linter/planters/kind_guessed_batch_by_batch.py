"""A softmax is taken of some batches only."""

import torch

from tests.linter.planting import plants


@plants("XE708")
def by_the_range_of_a_batch(snapshot, draw):
    logits, target = snapshot.predictions()
    batches = list(logits.split(draw.choice((16, 32, 64))))
    guessed = set(draw.sample(range(len(batches)), k=max(2, round(len(batches) * draw.choice((0.2, 0.5, 0.8))))))
    mixed = [batch.softmax(1) if number in guessed else batch for number, batch in enumerate(batches)]
    dtype = draw.choice((torch.float32, torch.float64))
    return {"logits": torch.cat(mixed).to(dtype), "target": target, "loss": None}


@plants("XE708")
def two_models(snapshot, _):
    logits, target = snapshot.predictions()
    return {"logits": torch.cat([logits, logits.softmax(1)]), "target": target.repeat(2), "loss": None}
