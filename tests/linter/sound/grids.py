"""Losses at every position: sequences, padded vocabularies, masks with borders."""

import random

import torch
import torch.nn.functional as F

import xent
from tests.linter.sound.drawing import Case, cast, sound, told
from tests.linter.sound.softmax import SOFTMAX, either, of_catalogue, reduction
from tests.linter.worlds.moments import drawn


@sound
def positions(draw: random.Random) -> Case:
    """(N, C, T) or (N, C, H, W), and what does not count said so."""
    moment = drawn(draw, "grid", world=draw.choice(("tagging", "segmentation")))
    logits, target = moment.batch(draw, draw.choice((1, 2, 4, 8, 16)))
    settings = {"ignore_index": moment.source.ignored, **reduction(draw)}
    if draw.random() < 0.3:
        settings["label_smoothing"] = 0.1
    if draw.random() < 0.3 and "label_smoothing" not in settings:
        settings["weight"] = (moment.counts.sum() / moment.counts / moment.classes).float()
    case = {"logits": cast(draw, logits), "target": target, **either(draw, settings)}
    return told(draw, case, moment, lambda given, labels: F.cross_entropy(given.float(), labels, **settings))


@sound
def small_masks(draw: random.Random) -> Case:
    """xent takes labels of 8 bits as they are read from a file."""
    moment = drawn(draw, "grid", world="segmentation")
    logits, target = moment.batch(draw, draw.choice((1, 4, 8)))
    loss = draw.choice(({"loss": xent.CrossEntropyLoss(ignore_index=255)}, {"loss": "ce", "ignore_index": 255}))
    return told(draw, {"logits": cast(draw, logits), "target": target.to(torch.uint8), **loss}, moment)


@sound
def flattened(draw: random.Random) -> Case:
    """Every position a row, as language models do: (N * T, C)."""
    moment = drawn(draw, "grid")
    logits, target = moment.batch(draw, draw.choice((2, 8, 16)))
    settings = {"ignore_index": moment.source.ignored}
    rows = logits.movedim(1, -1).flatten(0, -2)
    case = {"logits": cast(draw, rows), "target": target.flatten(), **either(draw, settings)}
    return told(draw, case, moment, lambda given, labels: F.cross_entropy(given.float(), labels, **settings))


@sound
def only_what_counts(draw: random.Random) -> Case:
    """Padding taken out before the loss."""
    moment = drawn(draw, "grid")
    logits, target = moment.batch(draw, draw.choice((1, 4, 16)))
    counted = target.flatten() != moment.source.ignored
    rows = logits.movedim(1, -1).flatten(0, -2)[counted]
    case = {"logits": cast(draw, rows), "target": target.flatten()[counted], **either(draw, {})}
    return told(draw, case, moment, lambda given, labels: F.cross_entropy(given.float(), labels))


@sound
def padded_vocabulary(draw: random.Random) -> Case:
    """The classes that do not exist are taken out of the softmax."""
    moment = drawn(draw, "grid", world="next-token")
    logits, target = moment.batch(draw, draw.choice((1, 4, 16)))
    transform = xent.LogitTransform(valid_classes=moment.source.valid)
    settings = {"logits": transform, **draw.choice(({}, {"label_smoothing": 0.1}, {"z_loss": 1e-4}))}
    loss = xent.CrossEntropyLoss(**settings)
    return told(draw, {"logits": cast(draw, logits), "target": target, "loss": loss}, moment, loss)


@sound
def classes_last(draw: random.Random) -> Case:
    """(N, T, C) with `dim=-1`."""
    moment = drawn(draw, "grid", world=draw.choice(("tagging", "next-token")))
    logits, target = moment.batch(draw, draw.choice((2, 9, 14)))
    case = {"logits": cast(draw, logits.movedim(1, -1)), "target": target}
    return told(draw, {**case, "loss": draw.choice(("cross_entropy", xent.cross_entropy)), "dim": -1}, moment)


@sound
def masked_positions(draw: random.Random) -> Case:
    """xent's mask instead of a label that does not exist."""
    moment = drawn(draw, "grid")
    logits, target = moment.batch(draw, draw.choice((2, 8)))
    counted = target != moment.source.ignored
    case = {"logits": cast(draw, logits), "target": target.masked_fill(~counted, 0), "mask": counted}
    return told(draw, {**case, "loss": draw.choice(("cross_entropy", "ce", xent.CrossEntropyLoss()))}, moment)


@sound
def catalogue(draw: random.Random) -> Case:
    name = draw.choice([name for name in SOFTMAX if name not in ("ldam", "equalization", "seesaw", "class-balanced")])
    moment = drawn(draw, "grid", world=draw.choice(("tagging", "segmentation")))
    batch = moment.batch(draw, draw.choice((2, 8, 16)))
    return of_catalogue(draw, name, moment, *batch, ignore_index=moment.source.ignored)
