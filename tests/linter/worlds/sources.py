"""Data of many kinds: tables, images, sparse counts, spirals, sequences, masks, tags."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from torch import Generator, Tensor

# One label a row; a label at every position; indicators, each a question of its own.
Task = Literal["rows", "grid", "indicators"]

# What labels of padding and of borders are.
PADDING, BORDER = -100, 255


@dataclass(frozen=True, eq=False)
class Source:
    """Data, and what a person who trains on them knows of them.

    Attributes:
        features: What the model gets, rows first.
        target: Labels (N,) or (N, ...), or indicators, float, (N, C) or (N, C, ...).
        task: What is asked.
        classes: How many logits the model has to give.
        ignored: The label of what does not count, if there is one.
        valid: Which classes exist, (C,) bool, where the vocabulary is padded.
        given: Draws features for labels, where the world can: for rows of any class frequencies.
    """

    features: Tensor
    target: Tensor
    task: Task
    classes: int
    ignored: int | None = None
    valid: Tensor | None = None
    given: Callable[[Tensor, Generator], Tensor] | None = None


def tail_sizes(classes: int, largest: int, imbalance: float, generator: Generator) -> Tensor:
    """Rows of every class: falling by a constant factor, the classes in any order."""
    sizes = largest * imbalance ** (-torch.arange(classes) / max(classes - 1, 1))
    return sizes.round().long().clamp(min=6)[torch.randperm(classes, generator=generator)]


def shuffled(features: Tensor, target: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    order = torch.randperm(len(features), generator=generator)
    return features[order], target[order]


def table(name: str, generator: Generator) -> Source:
    """Measured data: iris, wine or breast cancer, standardised."""
    load: Any = {"iris": load_iris, "wine": load_wine, "breast-cancer": load_breast_cancer}[name]
    data = load()
    features = torch.tensor(data.data, dtype=torch.float32)
    features = (features - features.mean(0)) / features.std(0)
    labels = torch.tensor(data.target)
    return Source(*shuffled(features, labels, generator), "rows", int(labels.max()) + 1)


def digits(generator: Generator, kept: int = 10, images: bool = False) -> Source:
    """Handwritten digits, some or all of them, some rarer than others if not all are kept."""
    data = load_digits()
    pixels, labels = torch.tensor(data.data / 16, dtype=torch.float32), torch.tensor(data.target)
    chosen = torch.randperm(10, generator=generator)[:kept]
    parts = [(labels == digit).nonzero().flatten() for digit in chosen]
    if kept < 10:
        parts = [part[: max(len(part) // (1 + 2 * place), 12)] for place, part in enumerate(parts)]
    features = pixels[torch.cat(parts)]
    target = torch.repeat_interleave(torch.arange(kept), torch.tensor([len(part) for part in parts]))
    shaped = features.view(-1, 1, 8, 8) if images else features
    return Source(*shuffled(shaped, target, generator), "rows", kept)


def _of_sizes(sizes: Tensor, given: Callable[[Tensor, Generator], Tensor], generator: Generator) -> Source:
    labels = torch.repeat_interleave(torch.arange(len(sizes)), sizes)
    labels = labels[torch.randperm(len(labels), generator=generator)]
    return Source(given(labels, generator), labels, "rows", len(sizes), given=given)


def spirals(arms: int, imbalance: float, generator: Generator) -> Source:
    """Arms of a spiral in the plane."""

    def given(labels: Tensor, generator: Generator) -> Tensor:
        radius = torch.rand(len(labels), generator=generator).sqrt() * 2
        angle = 2.5 * radius + labels * (2 * torch.pi / arms)
        clean = torch.stack([radius * angle.cos(), radius * angle.sin()], 1)
        return clean + 0.12 * torch.randn(len(labels), 2, generator=generator)

    return _of_sizes(tail_sizes(arms, 900, imbalance, generator), given, generator)


def topics(classes: int, imbalance: float, generator: Generator, words: int = 150) -> Source:
    """Word counts of short texts, most of them zero, whose words depend on the topic."""
    rates = 0.06 * torch.exp(1.1 * torch.randn(classes, words, generator=generator))

    def given(labels: Tensor, generator: Generator) -> Tensor:
        return torch.poisson(rates[labels], generator=generator).log1p()

    return _of_sizes(tail_sizes(classes, 3000 // classes + 200, imbalance, generator), given, generator)


def heavy_tailed_clouds(classes: int, imbalance: float, generator: Generator) -> Source:
    """Clouds with far outliers (Student's t with 4 degrees of freedom), in 10 dimensions."""
    centres = 1.3 * torch.randn(classes, 10, generator=generator)

    def given(labels: Tensor, generator: Generator) -> Tensor:
        spread = (torch.randn(4, len(labels), 1, generator=generator) ** 2).mean(0).rsqrt()
        return centres[labels] + spread * torch.randn(len(labels), 10, generator=generator)

    return _of_sizes(tail_sizes(classes, 1200, imbalance, generator), given, generator)


def items(classes: int, generator: Generator) -> Source:
    """Rows of three category numbers out of 40, as an embedding takes them."""
    ids = torch.randint(40, (2500, 3), generator=generator)
    taste = torch.randn(3, 40, classes, generator=generator)
    scores = 1.5 * sum(taste[place][ids[:, place]] for place in range(3))
    labels = torch.multinomial(torch.softmax(scores, 1), 1, generator=generator).flatten()
    return Source(ids, labels, "rows", classes)


def tagging(generator: Generator) -> Source:
    """Sentences of 4 to 14 words, a tag for each, padded at the end."""
    tags, words, length = 9, 60, 14
    emission = torch.softmax(2.0 * torch.randn(tags, words, generator=generator), 1)
    target = torch.randint(tags, (700, length), generator=generator)
    target[:, 1:] = torch.where(torch.rand(700, length - 1, generator=generator) < 0.5, 0, target[:, 1:])
    text = torch.multinomial(emission[target.flatten()], 1, generator=generator).view(700, length)
    lengths = torch.randint(4, length + 1, (700, 1), generator=generator)
    return Source(text, target.masked_fill(torch.arange(length) >= lengths, PADDING), "grid", tags, PADDING)


def next_token(generator: Generator) -> Source:
    """A language of 50 words with a memory of one, in a vocabulary padded to 64."""
    words, padded, length = 50, 64, 16
    follow = torch.softmax(2.0 * torch.randn(words, words, generator=generator), 1)
    text = torch.randint(words, (500, length + 1), generator=generator)
    for place in range(length):
        text[:, place + 1] = torch.multinomial(follow[text[:, place]], 1, generator=generator).flatten()
    lengths = torch.randint(6, length + 1, (500, 1), generator=generator)
    target = text[:, 1:].masked_fill(torch.arange(length) >= lengths, PADDING)
    return Source(text[:, :-1], target, "grid", padded, PADDING, valid=torch.arange(padded) < words)


def segmentation(generator: Generator, classes: int = 4) -> Source:
    """Images of rectangles on a background, with masks whose border pixels are 255."""
    rows, size = 260, 12
    masks = torch.zeros(rows, size, size, dtype=torch.long)
    for image in masks:
        top, left = torch.randint(1, size - 6, (2,), generator=generator).tolist()
        high, wide = torch.randint(3, 6, (2,), generator=generator).tolist()
        image[top - 1 : top + high + 1, left - 1 : left + wide + 1] = BORDER
        image[top : top + high, left : left + wide] = int(torch.randint(1, classes, (), generator=generator))
    colours = torch.randn(classes, 3, generator=generator)
    shown = colours[masks.masked_fill(masks == BORDER, 0)].movedim(-1, 1)
    return Source(
        shown + 0.9 * torch.randn(rows, 3, size, size, generator=generator), masks, "grid", classes, ignored=BORDER
    )


def tags(classes: int, rarest: float, generator: Generator) -> Source:
    """Texts as word counts, and tags of them, each as frequent as it is said to be, with some chance in them."""
    counts = torch.poisson(torch.full((2600, 80), 0.3), generator=generator)
    scores = counts @ torch.randn(80, classes, generator=generator)
    scores = scores / scores.std(0) + 0.5 * torch.randn(len(scores), classes, generator=generator)
    prevalence = torch.logspace(-0.5, float(torch.log10(torch.tensor(rarest))), classes)
    thresholds = torch.stack([scores[:, k].quantile(1 - float(prevalence[k])) for k in range(classes)])
    return Source(counts.log1p(), (scores > thresholds).float(), "indicators", classes)


def one_against_rest(generator: Generator) -> Source:
    """Digits as ten questions."""
    source = digits(generator)
    return Source(source.features, torch.nn.functional.one_hot(source.target, 10).float(), "indicators", 10)


def fraud(prevalence: float, generator: Generator) -> Source:
    """One rare event, one logit a row."""
    features = torch.randn(4000, 12, generator=generator)
    scores = features @ torch.randn(12, 1, generator=generator) / 3 + 0.4 * torch.randn(4000, 1, generator=generator)
    return Source(features, (scores > scores.quantile(1 - prevalence)).float(), "indicators", 1)


def attribute_maps(generator: Generator) -> Source:
    """Images, and for each pixel three properties that may hold together: targets (N, 3, H, W)."""
    rows, size = 160, 10
    features = torch.randn(rows, 3, size, size, generator=generator)
    smooth = torch.nn.functional.avg_pool2d(features, 3, stride=1, padding=1)
    thresholds = torch.tensor([0.1, 0.3, 0.5]).view(1, 3, 1, 1)
    noise = 0.15 * torch.randn(rows, 3, size, size, generator=generator)
    return Source(features, (smooth + noise > thresholds).float(), "indicators", 3)
