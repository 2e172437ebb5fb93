"""Real trainings, small ones, looked at in their first, middle and last steps: what the linter is judged on.

They differ in the number of classes, in balance, difficulty, model and loss. What is planted, and what is clean, is
made of their models and rows.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import torch
from sklearn.datasets import load_digits
from torch import Tensor

import xent

STEPS = (0, 30, 300)
BATCH = 64
FEATURES = 16


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A training at some moment.

    Attributes:
        model: Features to logits.
        features: Of all training rows, (N, D).
        target: Labels, (N,), or indicators, float of shape (N, C).
        test_features: Of rows from the same source that were not trained on.
        test_target: Of these.
        counts: Training rows of every class (multi-label: positives).
        step: Steps so far.
        trained_with: The loss, by its name in the catalogue.
    """

    model: torch.nn.Module
    features: Tensor
    target: Tensor
    test_features: Tensor
    test_target: Tensor
    counts: Tensor
    step: int
    trained_with: str

    @property
    def classes(self) -> int:
        return len(self.counts)

    @property
    def is_multi_label(self) -> bool:
        return self.target.ndim == 2

    def batch(self, draw: random.Random, rows: int | None = None) -> tuple[Tensor, Tensor]:
        """Logits, with the model's graph, and target of training rows drawn at random; 32 to 256 unless said."""
        chosen = torch.tensor(draw.choices(range(len(self.features)), k=rows or draw.choice((32, 64, 100, 256))))
        return self.model(self.features[chosen]), self.target[chosen]

    def predictions(self) -> tuple[Tensor, Tensor]:
        """Logits and target of the test rows, as they would be saved."""
        with torch.no_grad():
            return self.model(self.test_features), self.test_target


@cache
def snapshots() -> tuple[Snapshot, ...]:
    """All of them, single-label and multi-label."""
    return (*_single_label(), *_multi_label())


def single_label() -> list[Snapshot]:
    return [snapshot for snapshot in snapshots() if not snapshot.is_multi_label]


def multi_label() -> list[Snapshot]:
    return [snapshot for snapshot in snapshots() if snapshot.is_multi_label]


def _single_label() -> Iterator[Snapshot]:
    losses = ("ce", "label-smoothing", "focal", "inverse-frequency", "balanced-softmax", "ce")
    sizes = ((2, 1, 0.7), (3, 20, 2.0), (5, 1, 1.5), (10, 100, 2.0), (20, 10, 2.5), (50, 1, 3.0), (100, 30, 3.0))
    for number, (classes, imbalance, spread) in enumerate(sizes):
        for hidden in (0, 32):
            loss = losses[(2 * number + (hidden > 0)) % len(losses)]
            generator = torch.Generator().manual_seed(number)
            yield from _train(*_clusters(classes, imbalance, spread, generator), hidden, loss, generator)
    for number, loss in enumerate(("ce", "balanced-softmax")):
        generator = torch.Generator().manual_seed(100 + number)
        yield from _train(*_digits(generator), 32, loss, generator)


def _multi_label() -> Iterator[Snapshot]:
    for number, (classes, rarest) in enumerate(((1, 0.3), (4, 0.1), (12, 0.05), (30, 0.03))):
        generator = torch.Generator().manual_seed(200 + number)
        features = torch.randn(3000, FEATURES, generator=generator)
        directions = torch.randn(FEATURES, classes, generator=generator)
        scores = features @ directions + torch.randn(3000, classes, generator=generator)
        prevalence = torch.linspace(0.5, rarest, classes)
        thresholds = torch.stack([torch.quantile(scores[:, k], 1 - float(prevalence[k])) for k in range(classes)])
        yield from _train(features, (scores > thresholds).float(), 0 if number % 2 else 32, "bce", generator)


def _clusters(classes: int, imbalance: float, spread: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Normal clusters around random centres, their sizes falling from head to tail."""
    largest = 2400 if classes < 20 else 400
    sizes = [max(8, round(largest * imbalance ** (-k / max(classes - 1, 1)))) for k in range(classes)]
    labels = torch.repeat_interleave(torch.arange(classes), torch.tensor(sizes))
    centres = torch.randn(classes, FEATURES, generator=generator) * spread
    features = centres[labels] + torch.randn(len(labels), FEATURES, generator=generator) * 1.5
    order = torch.randperm(len(labels), generator=generator)
    return features[order], labels[order]


def _digits(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    digits = load_digits()
    features, labels = torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target)
    order = torch.randperm(len(labels), generator=generator)
    return features[order], labels[order]


def _train(features: Tensor, target: Tensor, hidden: int, loss: str, generator: torch.Generator) -> Iterator[Snapshot]:
    """Snapshots of one training; a quarter of the rows is kept for testing."""
    rows = len(features) * 3 // 4
    counts = target[:rows].sum(0).long() if target.ndim == 2 else torch.bincount(target[:rows])
    counts = counts.clamp(min=1)
    criterion = xent.catalog.ROWS[loss].module(**xent.catalog.ROWS[loss].settings(counts))
    torch.manual_seed(int(torch.randint(1 << 30, (), generator=generator)))
    model = _model(features.shape[1], hidden, len(counts))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for step in range(STEPS[-1] + 1):
        if step in STEPS:
            frozen = _model(features.shape[1], hidden, len(counts))
            frozen.load_state_dict(model.state_dict())
            yield Snapshot(frozen, features[:rows], target[:rows], features[rows:], target[rows:], counts, step, loss)
        chosen = torch.randint(rows, (BATCH,), generator=generator)
        optimizer.zero_grad()
        criterion(model(features[chosen]), target[chosen]).backward()
        optimizer.step()


def _model(features: int, hidden: int, classes: int) -> torch.nn.Module:
    if not hidden:
        return torch.nn.Linear(features, classes)
    return torch.nn.Sequential(torch.nn.Linear(features, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, classes))
