"""Predictions as they are saved: of rows as in training, or of balanced rows by models that were made for them."""

import random

import torch
import torch.nn.functional as F
from torch import Tensor

from tests.linter.sound.drawing import Case, sound
from tests.linter.worlds.moments import Moment, drawn, moments

# Trainings whose probabilities are meant for rows as they come.
PLAIN = ("ce", "z-loss", "softcap", "poly1")


def _written(draw: random.Random, logits: Tensor, multi_label: bool = False) -> Case:
    """As logits, probabilities or their logarithms, in a file's number format, and what is said of them."""
    kind = draw.choice(("logits", "probabilities", "log-probabilities"))
    if kind == "logits":
        written = logits
    elif multi_label:
        written = logits.sigmoid() if kind == "probabilities" else F.logsigmoid(logits)
    else:
        written = logits.softmax(1) if kind == "probabilities" else logits.log_softmax(1)
    form = draw.choice(("float32", "float32", "float64", "float16", "text"))
    if form == "text":  # six digits after the point, as in a table
        written = (written.double() * 1e6).round() / 1e6
    else:
        written = written.to(getattr(torch, form))
    return {"loss": None, "logits": written, **draw.choice(({"kind": kind}, {}))}


def _slice(draw: random.Random, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """All of the rows, or the first of them."""
    rows = draw.choice((len(target),) * 3 + (200, 40, 8))
    return logits[:rows], target[:rows]


def _known(draw: random.Random, moment: Moment) -> Case:
    return draw.choice(({}, {"counts": moment.counts}))


def _plain(draw: random.Random, last: bool = False) -> Moment:
    moment = drawn(draw, "rows", last=last)
    while moment.trained_with not in PLAIN:
        moment = drawn(draw, "rows", last=last)
    return moment


@sound
def as_in_training(draw: random.Random) -> Case:
    """At any stage, on rows that were held out."""
    moment = _plain(draw)
    logits, target = _slice(draw, *moment.held_out())
    case = {"target": target, **_written(draw, logits), **_known(draw, moment)}
    return {**case, "value": F.cross_entropy(logits, target)} if draw.random() < 0.5 else case


@sound
def of_new_rows(draw: random.Random) -> Case:
    """Many of them, as frequent as in training."""
    moment = _plain(draw)
    while moment.source.given is None:
        moment = _plain(draw)
    logits, target = moment.fresh(draw, draw.choice((500, 2000, 5000)))
    return {"target": target, **_written(draw, logits), **_known(draw, moment)}


@sound
def at_the_end(draw: random.Random) -> Case:
    moment = _plain(draw, last=True)
    logits, target = _slice(draw, *moment.held_out())
    return {"target": target, **_written(draw, logits), **_known(draw, moment)}


@sound
def balanced(draw: random.Random) -> Case:
    """As many rows of every class, by a model whose loss had the prior taken out, or whose training had none."""
    chosen = [
        moment
        for moment in moments("rows")
        if moment.world in ("spiral-5", "topics-6")
        or (moment.trained_with in ("balanced-softmax", "logit-adjusted") and moment.is_last)
    ]
    moment = draw.choice(chosen)
    logits, target = moment.balanced(draw, draw.choice((300, 1000, 2000)))
    return {"target": target, **_written(draw, logits), **_known(draw, moment)}


@sound
def averaged(draw: random.Random) -> Case:
    """The mean probabilities of several models of one training."""
    moment = _plain(draw, last=True)
    _, target = moment.held_out()
    earlier = [other for other in moments("rows") if other.world == moment.world and other.step >= 60]
    probabilities = torch.stack([other.held_out()[0].softmax(1) for other in earlier]).mean(0)
    return {"target": target, **_written(draw, probabilities.log()), **_known(draw, moment)}


@sound
def calibrated(draw: random.Random) -> Case:
    """Divided by the temperature that fits best, among some."""
    moment = _plain(draw, last=True)
    logits, target = moment.held_out()
    best = min((0.7, 1.0, 1.4, 2.0, 3.0), key=lambda t: float(F.cross_entropy(logits / t, target)))
    return {"target": target, **_written(draw, logits / best), **_known(draw, moment)}


@sound
def positions(draw: random.Random) -> Case:
    """Tokens and pixels that count, as rows."""
    moment = drawn(draw, "grid")
    logits, target = moment.held_out()
    counted = target.flatten() != moment.source.ignored
    logits, target = logits.movedim(1, -1).flatten(0, -2)[counted], target.flatten()[counted]
    if moment.source.valid is not None:
        logits = logits[:, moment.source.valid]
    return {"target": target, **_written(draw, logits)}


@sound
def tags(draw: random.Random) -> Case:
    """Several labels a row."""
    moment = drawn(draw, "indicators", classes=2)
    while moment.world in ("maps", "weighted-tags"):
        moment = drawn(draw, "indicators", classes=2)
    logits, target = _slice(draw, *moment.held_out())
    target = draw.choice((target, target.long()))
    return {"target": target, **_written(draw, logits, multi_label=True), **_known(draw, moment)}


@sound
def one_event(draw: random.Random) -> Case:
    """A single column."""
    moment = drawn(draw, "indicators", world=draw.choice(("fraud", "coin")))
    logits, target = _slice(draw, *moment.held_out())
    return {"target": target, **_written(draw, logits, multi_label=True), **_known(draw, moment)}
