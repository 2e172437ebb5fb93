"""Batches without a row that counts."""

import torch

from tests.linter.planting import plants


@plants("XE205")
def by_index(snapshot, draw):
    logits, target = snapshot.batch(draw, rows=draw.choice((1, 8, 64)))
    index = draw.choice((-100, 255))
    return {
        "logits": logits,
        "target": torch.full_like(target, index),
        "ignore_index": index,
        "loss": draw.choice(("cross_entropy", "nll_loss", "focal")),
    }


@plants("XE205")
def by_mask(snapshot, draw):
    logits, target = snapshot.batch(draw)
    return {"logits": logits, "target": target, "mask": torch.zeros(len(target), dtype=torch.bool)}


@plants("XE205", task="multi-label")
def elements(snapshot, draw):
    logits, target = snapshot.batch(draw)
    if draw.random() < 0.5:
        return {"logits": logits, "target": torch.full_like(target, -1), "loss": "bce", "ignore_index": -1}
    return {"logits": logits, "target": target, "loss": "bce", "mask": torch.zeros_like(target, dtype=torch.bool)}
