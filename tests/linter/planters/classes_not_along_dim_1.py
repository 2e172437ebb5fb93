"""Sequences with the classes in the last place."""

import torch

from tests.linter.planting import plants


def _sequences(snapshot, draw, steps, sequences):
    """Logits of shape (N, T, C) and labels of (N, T), of rows put in sequences."""
    rows = torch.tensor(draw.choices(range(len(snapshot.features)), k=steps * sequences))
    features = snapshot.features[rows].reshape(sequences, steps, -1)
    return snapshot.model(features), snapshot.target[rows].reshape(sequences, steps)


@plants("XE210")
def other_length(snapshot, draw):
    steps = snapshot.classes + draw.choice((-1, 1, 7))
    logits, target = _sequences(snapshot, draw, steps, draw.choice((1, 8, 32)))
    return {"logits": logits, "target": target, "loss": draw.choice(("cross_entropy", torch.nn.CrossEntropyLoss()))}


@plants("XE210")
def same_length(snapshot, draw):
    logits, target = _sequences(snapshot, draw, snapshot.classes, draw.choice((1, 8, 32)))
    dtype = draw.choice((torch.float32, torch.bfloat16))
    return {"logits": logits.to(dtype), "target": target, "label_smoothing": draw.choice((0.0, 0.1))}


@plants("XE210")
def saved_logits_of_the_same_length(snapshot, draw):
    if snapshot.step == 0:  # logits that know nothing, and of which nothing is known
        return other_length(snapshot, draw)
    logits, target = _sequences(snapshot, draw, snapshot.classes, 64)
    return {"logits": logits.detach(), "target": target}
