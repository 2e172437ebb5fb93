"""Weights, and what corrects for imbalance."""

import random

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import xent
from tests.linter.slips.drawing import Case, dressed, generator, size, slip, told
from tests.linter.sound import binary, softmax
from tests.linter.worlds.moments import Moment, drawn


def _imbalanced(draw: random.Random, ratio: float = 8.0) -> Moment:
    """Of some imbalance between the most frequent class and the rarest."""
    moment = drawn(draw, "rows")
    while moment.counts.max() < ratio * moment.counts.min():
        moment = drawn(draw, "rows")
    return moment


def _case(draw: random.Random, moment: Moment, least: int = 16, **settings: object) -> Case:
    logits, target = moment.batch(draw, size(draw, least))
    case = dressed(draw, logits, target, formats=False)
    return told(draw, {**case, **softmax.either(draw, settings)}, moment)


@slip("XE301")
def one_row_at_a_time(draw: random.Random) -> Case:
    """Images too large for a batch."""
    moment = _imbalanced(draw)
    logits, target = moment.batch(draw, 1)
    settings = {"weight": softmax.class_weights(draw, moment.counts)}
    return told(draw, {"logits": logits, "target": target, **softmax.either(draw, settings)}, moment)


@slip("XE301")
def all_weights_alike(draw: random.Random) -> Case:
    """To make this loss count ten times as much as another."""
    moment = drawn(draw, "rows")
    return _case(draw, moment, weight=torch.full((moment.classes,), draw.choice((0.1, 5.0, 10.0))))


@slip("XE302")
def weights_and_smoothing(draw: random.Random) -> Case:
    moment = _imbalanced(draw, 20.0)
    weight = (1 / moment.counts).float()
    return _case(draw, moment, weight=weight / weight.mean(), label_smoothing=draw.choice((0.1, 0.2)))


@slip("XE303")
def a_class_that_never_came(draw: random.Random) -> Case:
    moment = drawn(draw, "rows", classes=3)
    counts = moment.counts.float().clone()
    counts[draw.randrange(moment.classes)] = 0
    weight = draw.choice((1 / counts, counts.sum() / counts, counts / counts / counts))
    return _case(draw, moment, weight=weight)


@slip("XE303")
def a_tag_that_never_came(draw: random.Random) -> Case:
    moment = drawn(draw, "indicators", classes=8)
    positives = moment.counts.float().clone()
    positives[draw.randrange(moment.classes)] = 0
    logits, target = moment.batch(draw, size(draw))
    settings = {"pos_weight": (moment.training_rows - positives) / positives}
    return {**dressed(draw, logits, target, formats=False), **binary.either(draw, settings)}


@slip("XE304")
def weights_of_what_the_batch_has(draw: random.Random) -> Case:
    moment = drawn(draw, "rows", classes=5)
    logits, target = moment.batch(draw, 16)
    present = target.unique(return_counts=True)[1]
    if len(present) == moment.classes:
        present = present[:-1]
    weight = (1 / present).float()
    return {**dressed(draw, logits, target, formats=False), **softmax.either(draw, {"weight": weight})}


@slip("XE304")
def weights_of_another_data_set(draw: random.Random) -> Case:
    moment = drawn(draw, "rows")
    return _case(draw, moment, weight=torch.rand(moment.classes + draw.choice((1, 5)), generator=generator(draw)) + 0.5)


@slip("XE305")
def frequencies_as_weights(draw: random.Random) -> Case:
    moment = _imbalanced(draw)
    counts = moment.counts.float()
    weight = draw.choice((counts / counts.sum(), counts.sqrt() / counts.sqrt().mean(), counts / counts.max()))
    return {**_case(draw, moment, weight=weight), "counts": moment.counts}


@slip("XE306")
def positives_over_negatives(draw: random.Random) -> Case:
    moment, logits, target = binary.batch(draw, least=64)
    while bool((moment.prevalence > 0.35).any()) or not bool((target.sum(0) > 5).any()):
        moment, logits, target = binary.batch(draw, least=64)
    ratio = (moment.prevalence / (1 - moment.prevalence)).float()
    settings = {"pos_weight": draw.choice((ratio, ratio.clamp(min=0.01)))}
    case = dressed(draw, logits, target, formats=False)
    return {**case, **binary.either(draw, settings), **draw.choice(({"counts": moment.counts}, {}))}


@slip("XE307")
def a_zero_to_ignore(draw: random.Random) -> Case:
    """A tag that is not to be learned."""
    moment = drawn(draw, "indicators", classes=8)
    logits, target = moment.batch(draw, size(draw))
    ratio = (1 / moment.prevalence - 1).float().clamp(max=30)
    ratio[draw.sample(range(moment.classes), draw.choice((1, 2)))] = 0
    case = dressed(draw, logits, target, formats=False)
    return told(draw, {**case, **binary.either(draw, {"pos_weight": ratio})}, moment)


@slip("XE308")
def along_the_width(draw: random.Random) -> Case:
    """Crops as wide as there are classes."""
    moment = drawn(draw, "indicators", world="maps")
    logits, target = moment.batch(draw, draw.choice((32, 64)))
    ratio = (1 / moment.prevalence - 1).float()
    case = dressed(draw, logits[..., :3], target[..., :3], formats=False)
    return {**case, **binary.either(draw, {"pos_weight": ratio}), **draw.choice(({}, {"counts": moment.counts}))}


@slip("XE309")
def alpha_of_the_paper(draw: random.Random) -> Case:
    moment = drawn(draw, "indicators", world=draw.choice(("fraud", "tags-25", "one-against-rest", "tags-8")))
    logits, target = moment.batch(draw, size(draw, least=128))
    loss = draw.choice(
        (
            {"loss": "sigmoid-focal"},
            {"loss": xent.SigmoidFocalLoss()},
            {"loss": xent.SigmoidFocalLoss(alpha=0.1, gamma=1.5)},
            {"loss": xent.sigmoid_focal_loss, "alpha": 0.25},
        )
    )
    return told(draw, {**dressed(draw, logits, target), **loss}, moment)


@slip("XE310")
def too_small_a_beta(draw: random.Random) -> Case:
    moment = _imbalanced(draw, 20.0)
    rarest = int(moment.counts.min())
    beta = draw.choice([beta for beta in (0.3, 0.5, 0.7, 0.8, 0.9) if 1e-4 < beta**rarest < 0.1])
    if draw.random() < 0.5:
        logits, target = moment.batch(draw, size(draw))
        loss = xent.ClassBalancedLoss(moment.counts, beta=beta)
        return {**dressed(draw, logits, target), "loss": loss, "counts": moment.counts}
    weight = (1 - beta) / (1 - beta ** moment.counts.float())
    return {**_case(draw, moment, weight=weight), "counts": moment.counts}


def _even_batch(draw: random.Random, moment: Moment) -> tuple[Tensor, Tensor]:
    """As a sampler draws it that gives every class the same chance."""
    target = moment.source.target[: moment.training_rows]
    chances = (1 / moment.counts.double())[target]
    chosen = torch.tensor(draw.choices(range(len(target)), weights=chances.tolist(), k=draw.choice((256, 512))))
    return moment.model(moment.source.features[chosen]), target[chosen]


@slip("XE311")
def a_sampler_and_more(draw: random.Random) -> Case:
    moment = _imbalanced(draw, 20.0)
    logits, target = _even_batch(draw, moment)
    more = draw.choice(
        (
            softmax.either(draw, {"weight": softmax.class_weights(draw, moment.counts)}),
            {"loss": xent.BalancedSoftmaxLoss(moment.counts)},
            {"loss": xent.LogitAdjustedLoss(moment.counts)},
        )
    )
    return {**dressed(draw, logits, target, formats=False, slices=False), **more, "counts": moment.counts}


@slip("XE311")
def weights_and_an_offset(draw: random.Random) -> Case:
    moment = _imbalanced(draw)
    weight = softmax.class_weights(draw, moment.counts)
    loss = draw.choice((xent.BalancedSoftmaxLoss, xent.LogitAdjustedLoss))(moment.counts, weight=weight)
    logits, target = moment.batch(draw, size(draw))
    return {**dressed(draw, logits, target, formats=False), "loss": loss, "counts": moment.counts}


@slip("XE312")
def no_weight_at_all(draw: random.Random) -> Case:
    """0 for the background, or a class to be unlearned."""
    moment = drawn(draw, "rows", classes=3)
    weight = torch.ones(moment.classes)
    weight[draw.randrange(moment.classes)] = draw.choice((0.0, 0.0, -1.0))
    return _case(draw, moment, weight=weight)


class Focal(nn.Module):
    """The formula as it stands in the paper, by hand."""

    def __init__(self, gamma: float) -> None:
        super().__init__()
        self.gamma = gamma

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        probability = F.softmax(logits, dim=1).gather(1, target[:, None]).squeeze(1)
        return ((1 - probability) ** self.gamma * -torch.log(probability)).mean()


@slip("XE402")
def a_root_by_hand(draw: random.Random) -> Case:
    moment = drawn(draw, "rows")
    logits, target = moment.batch(draw, size(draw))
    case = dressed(draw, logits, target, formats=False)
    return told(draw, {**case, "loss": Focal(draw.choice((0.25, 0.5, 0.75)))}, moment)
