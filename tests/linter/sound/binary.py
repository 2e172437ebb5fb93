"""Losses of independent questions: tags with labels missing, rare events, maps."""

import random
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

import xent
from tests.linter.sound.drawing import Case, cast, size, sound, told
from tests.linter.sound.softmax import reduction
from tests.linter.worlds.moments import Moment, drawn
from xent.catalog import ROWS


def either(draw: random.Random, settings: dict[str, Any]) -> Case:
    """Binary cross entropy with logits in one of its forms."""
    form = draw.choice(("torch", "xent", "name", "torch's module", "module"))
    if form == "torch's module":
        return {"loss": torch.nn.BCEWithLogitsLoss(**settings)}
    if form == "module":
        return {"loss": xent.BCEWithLogitsLoss(**settings)}
    function = {"torch": F.binary_cross_entropy_with_logits, "xent": xent.binary_cross_entropy_with_logits}
    return {"loss": function.get(form, "binary_cross_entropy_with_logits"), **settings}


def case(draw: random.Random, moment: Moment, logits: Tensor, target: Tensor, **settings: Any) -> Case:
    """A call of binary cross entropy with logits."""
    found = {"logits": cast(draw, logits), "target": target, **either(draw, settings)}

    def value(given: Tensor, labels: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(given.float(), labels.float(), **settings)

    return told(draw, found, moment, value)


def batch(draw: random.Random, least: int = 1, *, world: str = "") -> tuple[Moment, Tensor, Tensor]:
    moment = drawn(draw, "indicators", world=world)
    rows = min(size(draw, least), 64) if moment.world == "maps" else size(draw, least)
    return moment, *moment.batch(draw, rows)


@sound
def plain(draw: random.Random) -> Case:
    return case(draw, *batch(draw), **reduction(draw))


@sound
def one_event(draw: random.Random) -> Case:
    """A single logit a row, without its axis."""
    moment, logits, target = batch(draw, world=draw.choice(("fraud", "coin")))
    return case(draw, moment, logits.squeeze(1), target.squeeze(1), **reduction(draw))


@sound
def weighted_positives(draw: random.Random) -> Case:
    """Negatives over positives, for each class, along the axis of the classes."""
    moment, logits, target = batch(draw)
    ratio = (1 / moment.prevalence - 1).float()
    ratio = draw.choice((ratio, ratio.clamp(max=20), ratio.sqrt()))
    return case(draw, moment, logits, target, pos_weight=ratio.view(-1, *[1] * (logits.ndim - 2)), **reduction(draw))


@sound
def as_wide_as_classes(draw: random.Random) -> Case:
    """Crops whose width is the number of classes, and weights along the right axis all the same."""
    moment, logits, target = batch(draw, world="maps")
    ratio = (1 / moment.prevalence - 1).float().view(-1, 1, 1)
    return case(draw, moment, logits[..., :3], target[..., :3], pos_weight=ratio)


@sound
def soft(draw: random.Random) -> Case:
    """Targets between 0 and 1: smoothed labels, or the share of annotators."""
    moment, logits, target = batch(draw)
    smoothing = draw.choice((0.05, 0.1, 0.2))
    chance = torch.rand(target.shape, generator=torch.Generator().manual_seed(draw.randrange(1 << 30)))
    made = draw.choice((target * (1 - smoothing) + smoothing / 2, target * (0.5 + chance / 2)))
    return case(draw, moment, logits, made)


def missing(draw: random.Random, target: Tensor) -> Tensor:
    """Which labels nobody gave; not all of them."""
    chance = torch.rand(target.shape, generator=torch.Generator().manual_seed(draw.randrange(1 << 30)))
    found = chance < draw.choice((0.1, 0.5, 0.8))
    found.flatten()[0] = False
    return found


@sound
def missing_by_weight(draw: random.Random) -> Case:
    """Labels that are missing weigh nothing, and torch's sum is divided by hand."""
    moment, logits, target = batch(draw, least=7)
    known = (~missing(draw, target)).float()
    return case(draw, moment, logits, target * known, weight=known, reduction=draw.choice(("sum", "none")))


@sound
def missing_by_mask(draw: random.Random) -> Case:
    """xent's mask, or a label that is said to be none."""
    moment, logits, target = batch(draw, least=7)
    gaps = missing(draw, target)
    given = {"logits": cast(draw, logits)}
    if draw.random() < 0.5:
        loss = draw.choice(("bce", "binary_cross_entropy_with_logits", xent.BCEWithLogitsLoss(), "asl", "poly-bce"))
        return told(draw, {**given, "target": target.masked_fill(gaps, 0), "mask": ~gaps, "loss": loss}, moment)
    nothing = draw.choice((-1.0, 255.0))
    loss = draw.choice(
        ({"loss": "bce", "ignore_index": nothing}, {"loss": xent.BCEWithLogitsLoss(ignore_index=nothing)})
    )
    return told(draw, {**given, "target": target.masked_fill(gaps, nothing), **loss}, moment)


@sound
def known_labels_only(draw: random.Random) -> Case:
    """The labels that are missing are taken out before: a flat tensor."""
    moment, logits, target = batch(draw, least=7)
    known = ~missing(draw, target)
    found = case(draw, moment, logits[known], target[known])
    found.pop("counts", None)  # there is no axis of the classes any more
    return found


@sound
def of_probabilities(draw: random.Random) -> Case:
    """BCE of what a sigmoid gives; not in 16 bits, where autocast refuses it."""
    moment, logits, target = batch(draw)
    form = draw.choice((F.binary_cross_entropy, torch.nn.BCELoss(), xent.BCELoss(), "binary_cross_entropy"))
    inputs = torch.sigmoid(logits.to(draw.choice((torch.float32, torch.float64))))
    return told(
        draw,
        {"logits": inputs, "target": target.to(inputs.dtype), "loss": form},
        moment,
        lambda given, labels: F.binary_cross_entropy(given, labels.to(given.dtype)),
    )


SIGMOID = [name for name, row in ROWS.items() if row.link == "sigmoid"]


@sound
def catalogue(draw: random.Random) -> Case:
    """Every loss of the catalogue; the focal loss with an alpha that does not make rare positives weigh less."""
    name = draw.choice(SIGMOID)
    row = ROWS[name]
    moment = drawn(draw, "indicators", classes=3 if name == "zlpr" else 1)
    while row.takes_counts and moment.world == "maps":
        moment = drawn(draw, "indicators")
    logits, target = moment.batch(draw, min(size(draw, least=7), 64))
    settings = row.settings(moment.counts)
    if row.takes_counts:
        settings["total"] = moment.training_rows
    if name == "sigmoid-focal":
        settings = {"alpha": draw.choice((None, 0.5, 0.75)), "gamma": draw.choice((1.0, 2.0, 3.0))}
    if name == "quality-focal":
        target = target * draw.uniform(0.4, 1.0)
    if name == "zlpr":
        settings["dim"] = 1
    module = row.module(**settings)
    return told(draw, {"logits": cast(draw, logits), "target": target, "loss": module}, moment, module)
