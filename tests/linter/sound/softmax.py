"""Softmax losses of rows: torch's, xent's, and every one of the catalogue."""

import random
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

import xent
from tests.linter.sound.drawing import Case, cast, size, sound, told
from tests.linter.worlds.moments import Moment, drawn
from xent.catalog import ROWS


def either(draw: random.Random, settings: dict[str, Any]) -> Case:
    """Cross entropy with these settings, in one of the forms that people write it in."""
    form = draw.choice(("torch", "xent", "name", "torch's module", "module"))
    if form == "torch's module":
        return {"loss": torch.nn.CrossEntropyLoss(**settings)}
    if form == "module":
        return {"loss": xent.CrossEntropyLoss(**settings)}
    return {
        "loss": {"torch": F.cross_entropy, "xent": xent.cross_entropy, "name": "cross_entropy"}[form],
        **settings,
    }


def reduction(draw: random.Random) -> dict[str, Any]:
    return draw.choice(({}, {}, {"reduction": "mean"}, {"reduction": "sum"}, {"reduction": "none"}))


def cross_entropy(draw: random.Random, moment: Moment, logits: Tensor, target: Tensor, **settings: Any) -> Case:
    """A call of cross entropy."""
    value = partial(F.cross_entropy, **{k: v.float() if isinstance(v, Tensor) else v for k, v in settings.items()})
    loss = {"logits": cast(draw, logits), "target": target, **either(draw, settings)}
    return told(draw, loss, moment, None if logits.dtype == torch.float64 else _as_input(value))


def _as_input(value: Any) -> Any:
    """torch wants weights in the format of the logits: everything in float32."""
    return lambda logits, target: value(logits.float(), target.float() if target.is_floating_point() else target)


@sound
def plain(draw: random.Random) -> Case:
    moment = drawn(draw, "rows")
    return cross_entropy(draw, moment, *moment.batch(draw, size(draw)), **reduction(draw))


@sound
def smoothed(draw: random.Random) -> Case:
    moment = drawn(draw, "rows")
    smoothing = draw.choice((0.05, 0.1, 0.15, 0.2))
    batch = moment.batch(draw, size(draw))
    return cross_entropy(draw, moment, *batch, label_smoothing=smoothing, **reduction(draw))


def class_weights(draw: random.Random, counts: Tensor) -> Tensor:
    """By inverse frequency, in the forms that people normalise it to."""
    power = draw.choice((1.0, 1.0, 0.5))
    weight = counts.float() ** -power
    return draw.choice(
        (
            weight / weight.mean(),
            weight / weight.sum(),
            weight / weight.min(),
            weight * counts.sum() / len(counts) if power == 1 else weight / weight.max(),
        )
    )


@sound
def weighted(draw: random.Random) -> Case:
    moment = drawn(draw, "rows")
    logits, target = moment.batch(draw, size(draw, least=2))
    settings = reduction(draw)
    if len(target.unique()) == 1:  # of one class only, the mean would divide its weight out
        settings = {"reduction": "sum"}
    return cross_entropy(draw, moment, logits, target, weight=class_weights(draw, moment.counts), **settings)


@sound
def unused_ignore_index(draw: random.Random) -> Case:
    """-100 for rows without a label, or -1, said to be so; less than half of them."""
    moment = drawn(draw, "rows")
    logits, target = moment.batch(draw, size(draw, least=7))
    ignored = draw.choice((-100, -1, 255))
    unlabelled = torch.tensor([draw.random() < draw.choice((0.0, 0.05, 0.4)) for _ in target])
    unlabelled[0] = False
    return cross_entropy(draw, moment, logits, target.masked_fill(unlabelled, ignored), ignore_index=ignored)


@sound
def mixup(draw: random.Random) -> Case:
    moment = drawn(draw, "rows")
    logits, target = moment.batch(draw, size(draw, least=7))
    share = draw.uniform(0.1, 0.9)
    hot = F.one_hot(target, moment.classes).float()
    return cross_entropy(draw, moment, logits, share * hot + (1 - share) * hot.flip(0), **reduction(draw))


@sound
def votes(draw: random.Random) -> Case:
    """The shares of five annotators, who agree mostly."""
    moment = drawn(draw, "rows")
    logits, target = moment.batch(draw, size(draw))
    hot = 0.85 * F.one_hot(target, moment.classes).float() + 0.15 / moment.classes
    voted = torch.distributions.Multinomial(5, probs=hot).sample() / 5
    return cross_entropy(draw, moment, logits, voted)


@sound
def masked_actions(draw: random.Random) -> Case:
    """Some classes cannot be chosen in some rows, never the label."""
    moment = drawn(draw, "rows", classes=3)
    logits, target = moment.batch(draw, size(draw))
    legal = torch.rand(logits.shape, generator=torch.Generator().manual_seed(draw.randrange(1 << 30))) < 0.7
    legal.scatter_(1, target[:, None], True)
    low = draw.choice((-torch.inf, -1e4, -1e9))
    return told(draw, {"logits": logits.masked_fill(~legal, low), "target": target, **either(draw, {})}, moment)


@sound
def balanced_sampler(draw: random.Random) -> Case:
    """Every class as often as the others in the batches, and plain cross entropy: one correction."""
    moment = drawn(draw, "rows")
    rows = size(draw, least=16)
    target = moment.source.target[: moment.training_rows]
    chances = (1 / moment.counts.double())[target]
    chosen = draw.choices(range(len(target)), weights=chances.tolist(), k=rows)
    logits = moment.model(moment.source.features[torch.tensor(chosen)])
    return cross_entropy(draw, moment, logits, target[torch.tensor(chosen)], **reduction(draw))


SOFTMAX = [name for name, row in ROWS.items() if row.link == "softmax" and row.target == "target"]

# Settings that a person may choose, beside the defaults.
CHOICES: dict[str, tuple[dict[str, Any], ...]] = {
    "focal": ({}, {"gamma": 1.0}, {"gamma": 3.0}),
    "inverse-frequency": ({}, {"power": 0.75}),
    "class-balanced": ({}, {"beta": 0.9999}, {"beta": 0.995}),
    "logit-adjusted": ({}, {"tau": 0.5}, {"tau": 1.25}),
    "ldam": ({}, {"max_margin": 0.3}, {"scale": 20.0}),
    "label-aware-smoothing": ({}, {"head": 0.3, "tail": 0.05}, {"shape": "linear"}),
    "poly1": ({}, {"poly": 2.0}, {"poly": -0.5}),
    "gce": ({}, {"q": 0.5}),
    "symmetric": ({}, {"alpha": 0.5}),
    "z-loss": ({}, {"z_loss": 1e-3}),
    "cdt": ({}, {"gamma": 0.1}),
    "vector-scaling": ({}, {"gamma": 0.2}),
    "label-smoothing": ({}, {"label_smoothing": 0.05}),
}


def of_catalogue(draw: random.Random, name: str, moment: Moment, logits: Tensor, target: Tensor, **more: Any) -> Case:
    """A loss of the catalogue by its name, as a module, or as a function with its settings."""
    row = ROWS[name]
    settings = {**row.settings(moment.counts), **draw.choice(CHOICES.get(name, ({},))), **more}
    if row.takes_counts and "total" in row.arguments:
        settings["total"] = moment.training_rows
    form = draw.choice(("name", "module", "function"))
    known = {key: value for key, value in settings.items() if key not in row.arguments or value != row.arguments[key]}
    if "counts" in settings and form != "module":
        form = "module"  # `counts` of a call are what the linter is told
    case: Case = {"logits": cast(draw, logits), "target": target}
    module = row.module(**settings).to(case["logits"].dtype if case["logits"].dtype == torch.float64 else None)
    called = {"transform" if key == "logits" else key: value for key, value in settings.items()}
    of_form = {
        "name": {"loss": name, **known},
        "function": {"loss": row.function, **called},
        "module": {"loss": module},
    }[form]
    return told(draw, {**case, **of_form}, moment, module.eval())


@sound
def catalogue(draw: random.Random) -> Case:
    name = draw.choice(SOFTMAX)
    moment = drawn(draw, "rows", world="clouds-cosine" if name == "ldam" else "")
    return of_catalogue(draw, name, moment, *moment.batch(draw, size(draw, least=7)))


@sound
def distillation(draw: random.Random) -> Case:
    """A student at any stage, and the same world's last model as its teacher."""
    student = drawn(draw, "rows", classes=3)
    teacher = drawn(draw, "rows", last=True, world=student.world)
    chosen = torch.tensor(draw.sample(range(student.training_rows), min(size(draw), student.training_rows)))
    with torch.no_grad():
        taught = teacher.model(student.source.features[chosen]).detach()
    logits = student.model(student.source.features[chosen])
    if draw.random() < 0.5:
        loss = draw.choice(("distillation", xent.DistillationLoss(temperature=draw.choice((1.0, 2.0, 4.0)))))
        return told(draw, {"logits": cast(draw, logits), "target": taught, "loss": loss}, student)
    temperature = draw.choice((1.0, 2.0, 4.0))
    return cross_entropy(draw, student, logits / temperature, (taught / temperature).softmax(1), **reduction(draw))
