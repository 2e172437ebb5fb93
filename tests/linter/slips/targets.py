"""What is given as target."""

import random

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import xent
from tests.linter.slips.drawing import Case, dressed, generator, size, slip, told
from tests.linter.slips.inputs import settings_of
from tests.linter.sound import binary, softmax
from tests.linter.worlds.moments import Moment, drawn


def _rows(draw: random.Random, least: int = 16, classes: int = 1) -> tuple[Moment, Tensor, Tensor]:
    moment = drawn(draw, "rows", classes=classes)
    return moment, *moment.batch(draw, size(draw, least))


@slip("XE201")
def counted_from_one(draw: random.Random) -> Case:
    moment, logits, target = _rows(draw, least=64)
    while not (target == moment.classes - 1).any():
        moment, logits, target = _rows(draw, least=64)
    case = dressed(draw, logits, target + 1, slices=False)
    return told(draw, {**case, **softmax.either(draw, settings_of(draw, moment))}, moment)


@slip("XE201")
def saved_from_one(draw: random.Random) -> Case:
    """Labels of a file that another language wrote."""
    moment = drawn(draw, "rows")
    logits, target = moment.held_out()
    while not (target == moment.classes - 1).any():
        moment = drawn(draw, "rows")
        logits, target = moment.held_out()
    made = draw.choice((logits, logits.softmax(1)))
    return {**dressed(draw, made, target + 1, slices=False), "loss": None}


@slip("XE202")
def masks_with_borders(draw: random.Random) -> Case:
    """255 left in."""
    moment = drawn(draw, "grid", world="segmentation")
    logits, target = moment.batch(draw, draw.choice((2, 4, 8)))
    case = dressed(draw, logits, target)
    return told(draw, {**case, **softmax.either(draw, draw.choice(({}, {"reduction": "sum"})))}, moment)


@slip("XE202")
def unlabelled_rows(draw: random.Random) -> Case:
    """-1 for rows without a label, or a class that came later."""
    moment, logits, target = _rows(draw)
    odd = torch.rand(len(target), generator=generator(draw)) < draw.choice((0.05, 0.3))
    odd[0] = True
    wrong = target.masked_fill(odd, draw.choice((-1, moment.classes + 3, 255)))
    form = draw.choice((softmax.either(draw, {}), {"loss": None}, {"loss": xent.FocalLoss()}))
    return told(draw, {**dressed(draw, logits, wrong, slices=False), **form}, moment)


@slip("XE203")
def little_is_left(draw: random.Random) -> Case:
    """Prompts, which do not count, are nearly everything."""
    moment = drawn(draw, "grid", world=draw.choice(("tagging", "next-token")))
    logits, target = moment.batch(draw, draw.choice((32, 64)))
    first = torch.zeros_like(target, dtype=torch.bool)
    first[::2, draw.randrange(4)] = True
    case = dressed(draw, logits, target.where(first, -100), slices=False)
    return {**case, **softmax.either(draw, draw.choice(({}, {"ignore_index": -100})))}


@slip("XE204")
def a_class_is_ignored(draw: random.Random) -> Case:
    """0 is padding elsewhere, and a class here."""
    moment, logits, target = _rows(draw, least=64)
    ignored = draw.choice((0, 0, int(target.mode().values)))
    while (target == ignored).sum() < 8:
        moment, logits, target = _rows(draw, least=64)
        ignored = int(target.mode().values)
    case = dressed(draw, logits, target, slices=False)
    return told(draw, {**case, **softmax.either(draw, {"ignore_index": ignored})}, moment)


@slip("XE205")
def nothing_counts(draw: random.Random) -> Case:
    _, logits, target = _rows(draw)
    rows = len(target)
    way = draw.choice(
        (
            {"target": torch.full_like(target, -100), **softmax.either(draw, {})},
            {"target": torch.full_like(target, 255), **softmax.either(draw, {"ignore_index": 255})},
            {"target": target, "loss": "cross_entropy", "mask": torch.zeros(rows, dtype=torch.bool)},
            {"target": target, "loss": xent.CrossEntropyLoss(), "sample_weight": torch.zeros(rows)},
        )
    )
    return {**dressed(draw, logits, target, slices=False, formats=False), **way}


@slip("XE205")
def no_position_counts(draw: random.Random) -> Case:
    """Texts that are truncated before the answer begins."""
    moment = drawn(draw, "grid", world=draw.choice(("tagging", "next-token")))
    logits, target = moment.batch(draw, draw.choice((1, 2, 8)))
    return {**dressed(draw, logits, torch.full_like(target, -100)), **softmax.either(draw, {})}


@slip("XE206")
def ignored_rows_are_broken(draw: random.Random) -> Case:
    """Attention over nothing gives nan at padding."""
    moment = drawn(draw, "grid", world=draw.choice(("tagging", "segmentation")))
    logits, target = moment.batch(draw, draw.choice((4, 8, 16)))
    outside = (target == moment.source.ignored).unsqueeze(1).expand_as(logits)
    settings = {"ignore_index": moment.source.ignored}
    loss = draw.choice(({"loss": F.cross_entropy, **settings}, {"loss": nn.CrossEntropyLoss(**settings)}))
    broken = logits.masked_fill(outside, draw.choice((torch.nan, -torch.inf, torch.inf)))
    return told(draw, {**dressed(draw, broken, target), **loss}, moment)


@slip("XE207")
def several_labels_into_softmax(draw: random.Random) -> Case:
    moment = drawn(draw, "indicators", classes=8)
    logits, target = moment.batch(draw, size(draw))
    while (target.sum(1) == 1).float().mean() > 0.7:
        moment = drawn(draw, "indicators", classes=8)
        logits, target = moment.batch(draw, size(draw))
    return told(draw, {**dressed(draw, logits, target), **softmax.either(draw, {})}, moment)


@slip("XE208")
def one_hot_with_ignore_index(draw: random.Random) -> Case:
    moment, logits, target = _rows(draw)
    hot = F.one_hot(target, moment.classes)
    if draw.random() < 0.4:
        return told(draw, {**dressed(draw, logits, hot, formats=False), **softmax.either(draw, {})}, moment)
    settings = {"ignore_index": draw.choice((255, -1, 0))}
    hot = hot.float()
    if settings["ignore_index"] == 255:
        hot[: len(hot) // 5] = 0  # what a label of 255 becomes
    return told(draw, {**dressed(draw, logits, hot, bits=False), **softmax.either(draw, settings)}, moment)


@slip("XE209")
def other_numbers_than_shares(draw: random.Random) -> Case:
    """-1 and +1; -1 or 255 for unknown; stars from 0 to 5; pixels of 255."""
    moment, logits, target = binary.batch(draw, least=31)
    odd = torch.rand(target.shape, generator=generator(draw)) < 0.1
    odd[:2] = True
    made = draw.choice((2 * target - 1, target.masked_fill(odd, -1.0), target.masked_fill(odd, 255.0), 5 * target))
    while not ((made < 0) | (made > 1)).any():
        made = 2 * target - 1
    case = dressed(draw, logits, made, slices=False)
    loss = draw.choice((binary.either(draw, {}), {"loss": "sigmoid-focal"}, {"loss": "asl"}))
    return told(draw, {**case, **loss}, moment)


@slip("XE210")
def classes_at_the_end(draw: random.Random) -> Case:
    """(N, T, C), of as many positions as classes or not."""
    moment = drawn(draw, "grid", world="tagging", last=True)
    logits, target = moment.batch(draw, draw.choice((16, 32, 64)))
    length = draw.choice((9, 9, 12, 14))
    case = dressed(draw, logits.transpose(1, 2)[:, :length], target[:, :length])
    return {**case, **softmax.either(draw, {})}


@slip("XE211")
def one_logit_of_softmax(draw: random.Random) -> Case:
    moment = drawn(draw, "indicators", world=draw.choice(("fraud", "coin")))
    logits, target = moment.batch(draw, size(draw))
    made = draw.choice((target, target.squeeze(1).long()))
    return told(draw, {**dressed(draw, logits, made, formats=False), **softmax.either(draw, {})}, moment)


@slip("XE212")
def an_axis_too_many(draw: random.Random) -> Case:
    moment = drawn(draw, "indicators", world=draw.choice(("fraud", "coin")))
    logits, target = moment.batch(draw, size(draw))
    pair = draw.choice(((logits, target.squeeze(1)), (logits.squeeze(1), target)))
    loss = draw.choice((binary.either(draw, {}), {"loss": "sigmoid-focal"}))
    return told(draw, {**dressed(draw, *pair), **loss}, moment)


@slip("XE213")
def softmax_of_questions(draw: random.Random) -> Case:
    """A model of questions, evaluated with a softmax."""
    moment = drawn(draw, "indicators", classes=8)
    while moment.world == "one-against-rest":  # its labels do exclude one another
        moment = drawn(draw, "indicators", classes=8)
    logits, target = moment.held_out()
    case = dressed(draw, logits.softmax(1), draw.choice((target, target.long())))
    return told(draw, {**case, "loss": None, **draw.choice(({}, {"kind": "probabilities"}))}, moment)


@slip("XE214")
def labels_of_a_table(draw: random.Random) -> Case:
    """A column that a table holds as floats, or a comparison."""
    moment, logits, target = _rows(draw)
    made = target.bool() if moment.classes == 2 and draw.random() < 0.5 else target.float()
    return told(draw, {**dressed(draw, logits, made, formats=False), **softmax.either(draw, {})}, moment)
