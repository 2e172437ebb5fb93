"""Batches of a training whose classes are as rare as a test wants them."""

import random

import torch
from torch import Tensor

from tests.linter.trainings import Snapshot


def long_tail(classes: int, draw: random.Random, imbalance: float | None = None) -> Tensor:
    """Training counts that fall by a constant factor, in any order of the classes."""
    imbalance = imbalance or draw.choice((10, 30, 100))
    largest = draw.choice((1000, 5000, 20000))
    sizes = [round(largest * imbalance ** (-k / max(classes - 1, 1))) for k in range(classes)]
    draw.shuffle(sizes)
    return torch.tensor(sizes)


def batch_like(snapshot: Snapshot, shares: Tensor, draw: random.Random, rows: int) -> tuple[Tensor, Tensor]:
    """Logits, with the model's graph, and labels of training rows, drawn with these shares of the classes."""
    labels = torch.tensor(draw.choices(range(snapshot.classes), weights=shares.double().tolist(), k=rows))
    places = [(snapshot.target == label).nonzero().flatten().tolist() or [0] for label in range(snapshot.classes)]
    chosen = [draw.choice(places[label]) for label in labels.tolist()]
    return snapshot.model(snapshot.features[chosen]), labels
