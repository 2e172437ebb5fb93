"""NLLLoss and KLDivLoss on what they take."""

import random
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

import xent
from tests.linter.sound.drawing import Case, size, sound, told
from tests.linter.sound.softmax import class_weights, reduction
from tests.linter.worlds.moments import drawn


@sound
def nll(draw: random.Random) -> Case:
    """Of log_softmax; with weights, with rows that are ignored."""
    moment = drawn(draw, "rows")
    logits, target = moment.batch(draw, size(draw, least=2))
    settings: dict[str, Any] = dict(reduction(draw))
    if draw.random() < 0.3 and len(target.unique()) > 1:
        settings["weight"] = class_weights(draw, moment.counts)
    logs = torch.log_softmax(logits.to(draw.choice((torch.float32, torch.float64))), 1)
    weight = settings.get("weight")
    fitting = settings if weight is None else {**settings, "weight": weight.to(logs.dtype)}
    forms = (
        {"loss": F.nll_loss, **fitting},
        {"loss": torch.nn.NLLLoss(**fitting)},
        {"loss": xent.NLLLoss(**fitting)},
        {"loss": "nll_loss", **fitting},
    )
    case = {"logits": logs, "target": target, **draw.choice(forms)}
    return told(draw, case, moment, lambda given, labels: F.nll_loss(given, labels, **fitting))


@sound
def nll_of_positions(draw: random.Random) -> Case:
    moment = drawn(draw, "grid")
    logits, target = moment.batch(draw, draw.choice((1, 4, 8)))
    settings = {"ignore_index": moment.source.ignored}
    form = draw.choice(({"loss": F.nll_loss, **settings}, {"loss": torch.nn.NLLLoss(**settings)}))
    return told(draw, {"logits": F.log_softmax(logits, 1), "target": target, **form}, moment)


def _kl(draw: random.Random, logs: Tensor, other: Tensor) -> Case:
    """A divergence from `other` (logarithms) to `logs`."""
    in_logs = draw.random() < 0.5
    settings = {"reduction": draw.choice(("batchmean", "batchmean", "sum", "none")), "log_target": in_logs}
    forms = (
        {"loss": F.kl_div, **settings},
        {"loss": torch.nn.KLDivLoss(**settings)},
        {"loss": xent.KLDivLoss(**settings)},
        {"loss": "kl_div", **settings},
    )
    return {"logits": logs, "target": other if in_logs else other.exp(), **draw.choice(forms)}


@sound
def kl_of_a_teacher(draw: random.Random) -> Case:
    """A student's log_softmax, and what a trained model holds for probable; both at a temperature."""
    student = drawn(draw, "rows")
    teacher = drawn(draw, "rows", last=True, world=student.world)
    chosen = torch.tensor(draw.sample(range(student.training_rows), min(size(draw), student.training_rows)))
    features = student.source.features[chosen]
    temperature = draw.choice((1.0, 2.0, 4.0))
    with torch.no_grad():
        taught = (teacher.model(features) / temperature).log_softmax(1)
    return told(draw, _kl(draw, (student.model(features) / temperature).log_softmax(1), taught), student)


@sound
def kl_of_two_passes(draw: random.Random) -> Case:
    """R-Drop and the like: the same rows under two perturbations, and both sides learn."""
    moment = drawn(draw, "rows")
    logits, _ = moment.batch(draw, size(draw))
    noise = 0.3 * torch.randn(2, *logits.shape, generator=torch.Generator().manual_seed(draw.randrange(1 << 30)))
    return told(draw, _kl(draw, (logits + noise[0]).log_softmax(1), (logits + noise[1]).log_softmax(1)), moment)


@sound
def kl_to_a_prior(draw: random.Random) -> Case:
    """Towards equal probabilities, or those of the classes: a confidence penalty."""
    moment = drawn(draw, "rows")
    logits, _ = moment.batch(draw, size(draw))
    prior = draw.choice((torch.ones(moment.classes), moment.counts.float()))
    return _kl(draw, logits.log_softmax(1), (prior / prior.sum()).log().expand_as(logits))
