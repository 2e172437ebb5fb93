"""Predictions, saved with their labels."""

import random
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.linter.slips.drawing import Case, dressed, generator, size, slip
from tests.linter.worlds import sources
from tests.linter.worlds.moments import Moment, drawn, moments


def _written(draw: random.Random, logits: Tensor, target: Tensor, **more: object) -> Case:
    """As logits or probabilities or their logarithms, and at times the file says which."""
    kind = draw.choice(("logits", "probabilities", "log-probabilities"))
    made = {"logits": logits, "probabilities": logits.softmax(1), "log-probabilities": logits.log_softmax(1)}[kind]
    said = draw.choice(({}, {"kind": kind}))
    return {**dressed(draw, made, target, slices=False, bits=False), "loss": None, **said, **more}


def _good(draw: random.Random) -> Moment:
    """A model that has learned something."""
    moment = drawn(draw, "rows", last=True, classes=3)
    while moment.world in ("iris", "wine", "items", "many-items", "clouds-cosine") or moment.trained_with in (
        "mae",
        "gce",
    ):
        moment = drawn(draw, "rows", last=True, classes=3)
    return moment


@cache
def _learned_by_heart(number: int) -> tuple[Tensor, Tensor]:
    """Logits and labels of 600 rows that a model has learned, with the tenth of labels that is wrong."""
    seeded = torch.Generator().manual_seed(7000 + number)
    source = sources.topics((5, 10, 20)[number], 1.0, seeded)
    features, target = source.features[:600], source.target[:600].clone()
    wrong = torch.rand(600, generator=seeded) < 0.1
    target[wrong] = torch.randint(source.classes, (int(wrong.sum()),), generator=seeded)
    with torch.random.fork_rng():
        torch.default_generator.manual_seed(number)
        model = nn.Sequential(nn.Linear(features.shape[1], 128), nn.ReLU(), nn.Linear(128, source.classes))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(120):
        optimizer.zero_grad()
        F.cross_entropy(model(features), target).backward()
        optimizer.step()
    with torch.no_grad():
        return model(features), target


@slip("XE709")
def of_the_training_rows(draw: random.Random) -> Case:
    """To look for wrong labels, but not from cross-validation."""
    logits, target = _learned_by_heart(draw.randrange(3))
    return _written(draw, logits, target, counts=torch.bincount(target))


@slip("XE701")
def in_another_order(draw: random.Random) -> Case:
    """Alphabetical ("10" before "2"), the other way round, or as a set happens to be."""
    moment = _good(draw)
    logits, target = moment.held_out()
    classes = list(range(moment.classes))
    shuffled = draw.sample(classes, len(classes))
    by_name = sorted(classes, key=str) if moment.classes > 10 else classes[::-1]
    order = draw.choice((by_name, classes[::-1], shuffled if shuffled != classes else classes[::-1]))
    return _written(draw, logits[:, order], target)


@slip("XE702")
def judged_on_even_rows(draw: random.Random) -> Case:
    moment = draw.choice(
        [moment for moment in moments("rows") if moment.is_last and moment.world in ("clouds", "clouds-scaled")]
    )
    return _written(draw, *moment.balanced(draw, draw.choice((1500, 3000))), counts=moment.counts)


@slip("XE703")
def the_prior_out_again(draw: random.Random) -> Case:
    moment = draw.choice([moment for moment in moments("rows") if moment.is_last and moment.world == "clouds-adjusted"])
    logits, target = moment.balanced(draw, draw.choice((1500, 3000)))
    return _written(draw, logits - moment.counts.log(), target, counts=moment.counts)


@slip("XE704")
def weighted_probabilities(draw: random.Random) -> Case:
    """Of a model with pos_weight, on rows as they come."""
    moment = drawn(draw, "indicators", last=True, world="weighted")
    logits, target = moment.held_out()
    if draw.random() < 0.5:
        return {**dressed(draw, logits.sigmoid(), target, bits=False), "loss": None, "kind": "probabilities"}
    return {**dressed(draw, logits, target, bits=False), "loss": None, **draw.choice(({}, {"kind": "logits"}))}


@slip("XE705")
def robust_and_without_a_tail(draw: random.Random) -> Case:
    """The mean absolute error, which gives up what is rare."""
    moment = drawn(draw, "rows", last=True, world="robust")
    return _written(draw, *moment.fresh(draw, draw.choice((3000, 5000))), counts=moment.counts)


@slip("XE706")
def through_softmax_again(draw: random.Random) -> Case:
    moment = _good(draw)
    logits, target = moment.held_out()
    twice = logits.softmax(1).softmax(1)
    said = draw.choice(({}, {"kind": "probabilities"}))
    return {**dressed(draw, twice, target, bits=False), "loss": None, **said}


@slip("XE707")
def said_to_be_something_else(draw: random.Random) -> Case:
    moment = _good(draw)
    logits, target = moment.held_out()
    made, said = draw.choice(
        (
            (logits, "probabilities"),
            (logits, "log-probabilities"),
            (logits.softmax(1), "logits"),
            (logits.softmax(1), "log-probabilities"),
            (logits.log_softmax(1), "probabilities"),
        )
    )
    return {**dressed(draw, made, target, bits=False), "loss": None, "kind": said}


@slip("XE708")
def of_two_runs(draw: random.Random) -> Case:
    """Files of two runs, joined: one has logits, the other probabilities."""
    moment = _good(draw)
    logits, target = moment.held_out()
    share = draw.choice((len(target) // 4, len(target) // 2))
    first = torch.arange(len(target)) < share
    if draw.random() < 0.5:
        first = (torch.arange(len(target)) // size(draw)) % 2 == 0
    if draw.random() < 0.3:
        first = torch.rand(len(target), generator=generator(draw)) < 0.5
    mixed = torch.where(first[:, None], logits, logits.softmax(1))
    return {**dressed(draw, mixed, target, slices=False, bits=False), "loss": None}
