"""Other settings of losses, and values that are reported."""

import random
from math import log

import torch
import torch.nn.functional as F
from torch import nn

import xent
from tests.linter.slips.drawing import Case, dressed, generator, size, slip, told
from tests.linter.sound import softmax
from tests.linter.worlds.moments import drawn


def _torchs(draw: random.Random, smoothing: float) -> Case:
    """torch's cross entropy: xent's leaves out what is removed."""
    return draw.choice(
        (
            {"loss": F.cross_entropy, "label_smoothing": smoothing},
            {"loss": nn.CrossEntropyLoss(label_smoothing=smoothing)},
        )
    )


@slip("XE401")
def smoothing_of_what_cannot_be(draw: random.Random) -> Case:
    moment = drawn(draw, "rows", classes=3)
    logits, target = moment.batch(draw, size(draw))
    illegal = torch.rand(logits.shape, generator=generator(draw)) < 0.3
    illegal.scatter_(1, ((target + 1) % moment.classes)[:, None], True).scatter_(1, target[:, None], False)
    masked = logits.masked_fill(illegal, -torch.inf)
    return told(draw, {**dressed(draw, masked, target), **_torchs(draw, 0.1)}, moment)


@slip("XE401")
def smoothing_of_padding(draw: random.Random) -> Case:
    """The padded part of a vocabulary at -inf, by hand."""
    moment = drawn(draw, "grid", world="next-token")
    logits, target = moment.batch(draw, draw.choice((2, 8)))
    absent = ~moment.source.valid.view(1, -1, 1)
    case = dressed(draw, logits.masked_fill(absent, -torch.inf), target)
    return {**case, **_torchs(draw, draw.choice((0.05, 0.1)))}


@slip("XE403")
def unscaled(draw: random.Random) -> Case:
    """Pixels from 0 to 255, or layers with standard normal weights, before the first step."""
    if draw.random() < 0.5:
        moment = drawn(draw, "rows", world=draw.choice(("digits", "topics-6", "breast-cancer")))
        features, target = moment.source.features[:100], moment.source.target[:100]
        with torch.random.fork_rng():
            torch.default_generator.manual_seed(draw.randrange(1 << 30))
            model = nn.Linear(features.shape[1], moment.classes)
        logits = model(features * 255)
    else:
        moment = drawn(draw, "rows", world=draw.choice(("clouds", "digits", "wine")))
        features, target = moment.source.features[:200], moment.source.target[:200]
        model = nn.Sequential(nn.Linear(features.shape[1], 64), nn.ReLU(), nn.Linear(64, moment.classes))
        for parameters in model.parameters():
            nn.init.normal_(parameters, generator=generator(draw))
        logits = model(features)
    return {**dressed(draw, logits, target, graph=True), **softmax.either(draw, {}), "step": 0}


@slip("XE404")
def margins_of_a_linear_layer(draw: random.Random) -> Case:
    """The loss of a repository, the head of another."""
    moment = drawn(draw, "rows", last=True)
    while moment.is_cosine or moment.world in ("items", "many-items"):
        moment = drawn(draw, "rows", last=True)
    logits, target = moment.batch(draw, size(draw, least=32))
    settings = draw.choice(({}, {"max_margin": 0.3}, {"scale": 20.0}))
    return told(draw, {**dressed(draw, logits, target), "loss": xent.LDAMLoss(moment.counts, **settings)}, moment)


@slip("XE405")
def learned_to_the_floor(draw: random.Random) -> Case:
    """A model that has fitted its smoothed labels as well as they can be."""
    moment = drawn(draw, "rows", classes=3)
    _, target = moment.batch(draw, size(draw, least=64))
    smoothing = draw.choice((0.05, 0.1, 0.2))
    hot = F.one_hot(target, moment.classes).float()
    best = (hot * (1 - smoothing) + smoothing / moment.classes).log()
    logits = best + 0.02 * torch.randn(best.shape, generator=generator(draw))
    case = {**dressed(draw, logits, target, bits=False), **softmax.either(draw, {"label_smoothing": smoothing})}
    return {**case, "step": 200, "value": F.cross_entropy(logits, target, label_smoothing=smoothing)}


@slip("XE406")
def labels_as_a_teacher(draw: random.Random) -> Case:
    moment = drawn(draw, "rows", classes=3)
    logits, target = moment.batch(draw, size(draw))
    hot = F.one_hot(target, moment.classes).float()
    smooth = 0.9 * hot + 0.1 / moment.classes
    taught = draw.choice((hot, 10 * hot, smooth, smooth.log()))
    loss = draw.choice(("distillation", xent.DistillationLoss(4.0)))
    return told(draw, {**dressed(draw, logits, taught, bits=False), "loss": loss}, moment)


@slip("XE407")
def the_share_that_is_kept(draw: random.Random) -> Case:
    """.9 to keep nine tenths of the label."""
    moment = drawn(draw, "rows", classes=3)
    logits, target = moment.batch(draw, size(draw))
    settings = {"label_smoothing": draw.choice((0.9, 0.95, 1.0))}
    return told(draw, {**dressed(draw, logits, target), **softmax.either(draw, settings)}, moment)


@slip("XE503")
def in_bits(draw: random.Random) -> Case:
    moment = drawn(draw, "rows")
    logits, target = moment.batch(draw, size(draw))
    settings = draw.choice(({}, {"label_smoothing": 0.1}, {"reduction": "sum"}))
    loss = F.cross_entropy(logits, target, **settings)
    case = dressed(draw, logits, target, slices=False, bits=False)
    value = draw.choice((loss / log(2), (loss / log(2)).item(), loss * log(2)))
    return told(draw, {**case, **softmax.either(draw, settings), "value": value}, moment)


@slip("XE503")
def saved_in_bits(draw: random.Random) -> Case:
    moment = drawn(draw, "rows")
    logits, target = moment.held_out()
    value = F.cross_entropy(logits, target) / log(2)
    return {**dressed(draw, logits, target, slices=False, bits=False), "loss": None, "value": value}


@slip("XE504")
def divided_by_all_positions(draw: random.Random) -> Case:
    """The sum over what counts, by all positions with their padding; or by nothing."""
    moment = drawn(draw, "grid", world=draw.choice(("tagging", "segmentation")))
    logits, target = moment.batch(draw, draw.choice((4, 8, 16)))
    ignored = moment.source.ignored
    total = F.cross_entropy(logits, target, ignore_index=ignored, reduction="sum")
    while (target == ignored).float().mean() < 0.05:
        logits, target = moment.batch(draw, 16)
        total = F.cross_entropy(logits, target, ignore_index=ignored, reduction="sum")
    value = draw.choice((total / target.numel(), (total / target.numel()).item(), total))
    case = dressed(draw, logits, target, slices=False, bits=False)
    return {**case, **softmax.either(draw, {"ignore_index": ignored}), "value": value}
