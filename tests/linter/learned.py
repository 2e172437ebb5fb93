"""Trainings that have come to their end: before, there is nothing in predictions that could be wrong."""

import random
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from tests.linter.trainings import FEATURES, STEPS, Snapshot, multi_label, single_label

ADAM = partial(torch.optim.Adam, lr=0.05)


def learned(snapshot: Snapshot, draw: random.Random, classes: int = 2) -> Snapshot:
    """The same training after its last step; of this many classes at least, or else another."""
    kin = multi_label() if snapshot.is_multi_label else single_label()
    last = [other for other in kin if other.step == STEPS[-1] and other.classes >= classes]
    same = [other for other in last if other.counts is snapshot.counts]
    return same[0] if same else draw.choice(last)


def saved(logits: Tensor, draw: random.Random) -> tuple[Tensor, str | None]:
    """Predictions of one label as they would be saved, and what is said of them."""
    kind = draw.choice((None, "logits", "probabilities", "log-probabilities"))
    dtype = draw.choice((torch.float32, torch.float64, torch.float16))
    made = {"probabilities": logits.softmax, "log-probabilities": logits.log_softmax}
    return (made[kind](1) if kind in made else logits).detach().to(dtype), kind


def long_tailed(
    draw: random.Random,
    criterion: Callable[[Tensor], torch.nn.Module],
    *,
    adjusted: float = 0.0,
    sizes: tuple[int, ...] = (3, 5, 10, 20),
    optimizer: Callable[..., torch.optim.Optimizer] = ADAM,
) -> tuple[Tensor, Tensor, Tensor]:
    """Logits, labels and training counts: of balanced rows, after a training on a long tail of overlapping classes.

    Args:
        draw: What is drawn.
        criterion: The loss, made from the training counts.
        adjusted: By how much of the log prior the logits are adjusted afterwards.
        sizes: Numbers of classes.
        optimizer: Of the training.
    """
    classes, imbalance = draw.choice(sizes), draw.choice((30.0, 100.0))
    tail = [round(1500 * imbalance ** (-k / (classes - 1))) for k in range(classes)]
    draw.shuffle(tail)
    counts = torch.tensor(tail)
    generator = torch.Generator().manual_seed(draw.randrange(1 << 30))
    centres = torch.randn(classes, FEATURES, generator=generator) * draw.choice((1.0, 1.2))
    labels = torch.repeat_interleave(torch.arange(classes), counts)
    model = trained(_around(centres, labels, generator), labels, criterion(counts), optimizer=optimizer)
    even = torch.arange(2400) % classes
    with torch.no_grad():
        logits = model(_around(centres, even, generator)) - adjusted * counts.log()
    return logits, even, counts


def trained(
    features: Tensor,
    target: Tensor,
    criterion: torch.nn.Module,
    *,
    hidden: int = 0,
    optimizer: Callable[..., torch.optim.Optimizer] = ADAM,
    steps: int = 150,
) -> torch.nn.Module:
    """A model fitted to these rows, all of them in every step."""
    torch.manual_seed(len(target))
    classes = target.shape[1] if target.ndim == 2 else int(target.max()) + 1
    layers: list[torch.nn.Module] = [torch.nn.Linear(features.shape[1], hidden), torch.nn.ReLU()] if hidden else []
    model = torch.nn.Sequential(*layers, torch.nn.Linear(hidden or features.shape[1], classes))
    updates = optimizer(model.parameters())
    for _ in range(steps):
        updates.zero_grad()
        criterion(model(features), target).backward()
        updates.step()
    return model


def _around(centres: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
    return centres[labels] + 1.5 * torch.randn(len(labels), FEATURES, generator=generator)
