"""The trainings in these worlds, and moments of them: from before the first step to the end."""

import random
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import cache, partial

import torch
from torch import Generator, Tensor, nn

import xent
from tests.linter.worlds import models, sources
from tests.linter.worlds.sources import Source, Task

STEPS = (0, 1, 15, 60, 200)
BATCH = 32


@dataclass(frozen=True, eq=False)
class Moment:
    """A training at some moment.

    Attributes:
        world: Its name.
        source: The data; the last quarter of the rows is not trained on.
        model: Features to logits.
        counts: Training rows (positions) of every class; for indicators, positives.
        step: Steps so far.
        trained_with: The loss, by its name in the catalogue.
    """

    world: str
    source: Source
    model: nn.Module
    counts: Tensor
    step: int
    trained_with: str

    @property
    def task(self) -> Task:
        return self.source.task

    @property
    def classes(self) -> int:
        return self.source.classes

    @property
    def training_rows(self) -> int:
        return len(self.source.features) * 3 // 4

    @property
    def is_last(self) -> bool:
        return self.step == STEPS[-1]

    @property
    def is_cosine(self) -> bool:
        return isinstance(self.model, models.CosineHead)

    @property
    def prevalence(self) -> Tensor:
        """Share of the positives of every class, for indicators."""
        return self.counts / (self.training_rows * self.source.target[0, 0].numel())

    def batch(self, draw: random.Random, rows: int) -> tuple[Tensor, Tensor]:
        """Logits with their graph, and target, of training rows as an epoch brings them: none twice."""
        chosen = torch.tensor(draw.sample(range(self.training_rows), min(rows, self.training_rows)))
        return self.model(self.source.features[chosen]), self.source.target[chosen]

    def held_out(self) -> tuple[Tensor, Tensor]:
        """Logits and target of the rows that were not trained on."""
        with torch.no_grad():
            return self.model(self.source.features[self.training_rows :]), self.source.target[self.training_rows :]

    def fresh(self, draw: random.Random, rows: int) -> tuple[Tensor, Tensor]:
        """Logits and labels of new rows, the classes as frequent as in training."""
        return self._given(torch.tensor(draw.choices(range(self.classes), self.counts.tolist(), k=rows)), draw)

    def balanced(self, draw: random.Random, rows: int) -> tuple[Tensor, Tensor]:
        """Logits and labels of new rows, of every class as many."""
        return self._given(torch.arange(rows) % self.classes, draw)

    def _given(self, labels: Tensor, draw: random.Random) -> tuple[Tensor, Tensor]:
        assert self.source.given is not None
        generator = Generator().manual_seed(draw.randrange(1 << 30))
        with torch.no_grad():
            return self.model(self.source.given(labels, generator)), labels


@dataclass(frozen=True)
class World:
    """Where a training happens: the data, the model, the loss, the optimizer."""

    name: str
    source: Callable[[Generator], Source]
    model: Callable[[], nn.Module]
    loss: str = "ce"
    adam: bool = True


def _rows() -> list[World]:
    tails = {"iris": (4, 3), "wine": (13, 3), "breast-cancer": (30, 2)}
    tables = [
        World(name, partial(sources.table, name), partial(models.linear, *shape), loss, adam=False)
        for (name, shape), loss in zip(tails.items(), ("ce", "poly1", "focal"), strict=True)
    ]
    clouds = partial(sources.heavy_tailed_clouds, 12, 50.0)
    many = partial(sources.topics, 40, 20.0)
    return [
        *tables,
        World("digits", sources.digits, partial(models.mlp, 64, 10), "label-smoothing"),
        World("some-digits", partial(sources.digits, kept=5), partial(models.linear, 64, 5), "inverse-sqrt"),
        World("images", partial(sources.digits, images=True), partial(models.convolutional, 10)),
        World("spiral-2", partial(sources.spirals, 2, 8.0), partial(models.mlp, 2, 2)),
        World("spiral-5", partial(sources.spirals, 5, 1.0), partial(models.mlp, 2, 5), "z-loss"),
        World("spiral-3", partial(sources.spirals, 3, 25.0), partial(models.mlp, 2, 3), "balanced-softmax"),
        World("topics-6", partial(sources.topics, 6, 1.0), partial(models.linear, 150, 6), adam=False),
        World("topics-20", partial(sources.topics, 20, 30.0), partial(models.mlp, 150, 20), "logit-adjusted"),
        World("topics-40", many, partial(models.linear, 150, 40), "class-balanced"),
        World("topics-40-plain", many, partial(models.linear, 150, 40)),
        World("clouds", clouds, partial(models.mlp, 10, 12)),
        World("clouds-adjusted", clouds, partial(models.mlp, 10, 12), "balanced-softmax"),
        World("clouds-cosine", clouds, partial(models.CosineHead, 10, 12), "ldam"),
        World("clouds-scaled", clouds, partial(models.CosineHead, 10, 12, 16.0), "softcap"),
        World("items", partial(sources.items, 7), partial(models.Embeddings, 7)),
        World("robust-clouds", partial(sources.heavy_tailed_clouds, 8, 30.0), partial(models.mlp, 10, 8), "mae"),
        World("robust-topics", partial(sources.topics, 10, 30.0), partial(models.mlp, 150, 10), "gce"),
        World("many-items", partial(sources.items, 100), partial(models.Embeddings, 100), "label-smoothing"),
    ]


def _grids() -> list[World]:
    return [
        World("tagging", sources.tagging, partial(models.Tagger, 60, 9)),
        World("next-token", sources.next_token, partial(models.Tagger, 50, 64)),
        World("segmentation", sources.segmentation, partial(models.per_pixel, 3, 4)),
    ]


def _indicators() -> list[World]:
    return [
        World("tags-8", partial(sources.tags, 8, 0.03), partial(models.linear, 80, 8), "bce"),
        World("tags-25", partial(sources.tags, 25, 0.02), partial(models.mlp, 80, 25), "bce"),
        World("one-against-rest", sources.one_against_rest, partial(models.mlp, 64, 10), "bce", adam=False),
        World("fraud", partial(sources.fraud, 0.04), partial(models.mlp, 12, 1), "bce"),
        World("coin", partial(sources.fraud, 0.5), partial(models.linear, 12, 1), "poly-bce"),
        World("weighted-fraud", partial(sources.fraud, 0.04), partial(models.mlp, 12, 1), "bce-pos-weight"),
        World("weighted-tags", partial(sources.tags, 8, 0.03), partial(models.linear, 80, 8), "bce-pos-weight"),
        World("maps", sources.attribute_maps, partial(models.per_pixel, 3, 3), "bce"),
    ]


@cache
def moments(task: Task) -> tuple[Moment, ...]:
    """Those of all trainings of a kind."""
    worlds = {"rows": _rows, "grid": _grids, "indicators": _indicators}[task]()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # models this small gain nothing from more
    found = tuple(moment for number, world in enumerate(worlds) for moment in _training(world, number))
    torch.set_num_threads(threads)
    return found


def drawn(draw: random.Random, task: Task, *, classes: int = 1, last: bool = False, world: str = "") -> Moment:
    """A moment of a training.

    Args:
        draw: What is drawn.
        task: Of this kind.
        classes: Of so many classes at least.
        last: At the end.
        world: In worlds whose name begins like this.
    """
    return draw.choice(
        [
            moment
            for moment in moments(task)
            if moment.classes >= classes and moment.world.startswith(world) and (moment.is_last or not last)
        ]
    )


def _training(world: World, number: int) -> list[Moment]:
    generator = Generator().manual_seed(1000 + number)
    source = world.source(generator)
    rows = len(source.features) * 3 // 4
    counts = _counted(source, rows)
    row = xent.catalog.ROWS[world.loss]
    settings = {"dim": 1} if source.task == "grid" else {}
    if source.ignored is not None:
        settings["ignore_index"] = source.ignored
    if source.valid is not None:
        settings["logits"] = xent.LogitTransform(valid_classes=source.valid)
    criterion = row.module(
        **{**row.settings(counts), **settings, **({"total": rows} if "total" in row.arguments else {})}
    )
    with torch.random.fork_rng():
        torch.manual_seed(number)
        model = world.model()
    optimizer = _optimizer(world, model)
    found = []
    for step in range(STEPS[-1] + 1):
        if step in STEPS:
            found.append(Moment(world.name, source, deepcopy(model).eval(), counts, step, world.loss))
        chosen = torch.randint(rows, (BATCH,), generator=generator)
        optimizer.zero_grad()
        criterion(model(source.features[chosen]), source.target[chosen]).backward()
        optimizer.step()
    return found


def _optimizer(world: World, model: nn.Module) -> torch.optim.Optimizer:
    if world.adam:
        return torch.optim.Adam(model.parameters(), lr=0.01)
    return torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def _counted(source: Source, rows: int) -> Tensor:
    """Training rows of every class; a class of the vocabulary that never comes counts as 1."""
    target = source.target[:rows]
    if source.task == "indicators":
        return target.movedim(1, -1).flatten(0, -2).sum(0).long().clamp(min=1)
    labels = target.flatten()
    labels = labels if source.ignored is None else labels[labels != source.ignored]
    return torch.bincount(labels, minlength=source.classes).clamp(min=1)
