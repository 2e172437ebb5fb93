"""What is given as input."""

import random

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import xent
from tests.linter.slips.drawing import Case, dressed, generator, size, slip, told
from tests.linter.sound import binary, softmax
from tests.linter.worlds.moments import Moment, drawn


def settings_of(draw: random.Random, moment: Moment) -> Case:
    """Some setting of cross entropy, or none."""
    return draw.choice(
        (
            {},
            {},
            {"reduction": "sum"},
            {"label_smoothing": 0.1},
            {"weight": softmax.class_weights(draw, moment.counts)},
        )
    )


@slip("XE101")
def softmax_at_the_end_of_the_model(draw: random.Random) -> Case:
    moment = drawn(draw, "rows")
    model = nn.Sequential(moment.model, nn.Softmax(dim=1))
    chosen = torch.tensor(draw.sample(range(moment.training_rows), size(draw) // 3))
    case = dressed(draw, model(moment.source.features[chosen]), moment.source.target[chosen])
    return told(draw, {**case, **softmax.either(draw, settings_of(draw, moment))}, moment)


@slip("XE101")
def softmax_at_every_position(draw: random.Random) -> Case:
    moment = drawn(draw, "grid")
    logits, target = moment.batch(draw, draw.choice((2, 4, 8)))
    settings = {"ignore_index": moment.source.ignored}
    return {**dressed(draw, logits.softmax(1), target), **softmax.either(draw, settings)}


@slip("XE101")
def softmax_before_a_loss_of_the_catalogue(draw: random.Random) -> Case:
    moment = drawn(draw, "rows")
    logits, target = moment.batch(draw, size(draw))
    loss = draw.choice(
        (
            xent.FocalLoss(),
            xent.BalancedSoftmaxLoss(moment.counts),
            xent.InverseFrequencyLoss(moment.counts),
            xent.Poly1Loss(),
        )
    )
    return told(draw, {**dressed(draw, F.softmax(logits, dim=-1), target, bits=False), "loss": loss}, moment)


@slip("XE102")
def sigmoid_at_the_end_of_the_model(draw: random.Random) -> Case:
    moment, logits, target = binary.batch(draw, least=31)
    settings = draw.choice(({}, {"reduction": "sum"}, {"pos_weight": torch.tensor(3.0)}))
    case = dressed(draw, torch.sigmoid(logits), target.to(logits.dtype))
    return told(draw, {**case, **binary.either(draw, settings)}, moment)


@slip("XE102")
def sigmoid_before_a_loss_of_the_catalogue(draw: random.Random) -> Case:
    moment, logits, target = binary.batch(draw, least=31)
    loss = draw.choice(("sigmoid-focal", "asl", "bce", xent.PolyBinaryLoss()))
    return told(draw, {**dressed(draw, logits.sigmoid(), target), "loss": loss}, moment)


@slip("XE103")
def bce_of_logits(draw: random.Random) -> Case:
    moment, logits, target = binary.batch(draw, least=31)
    made = draw.choice((logits, logits.tanh(), logits - logits.mean()))
    loss = draw.choice((F.binary_cross_entropy, nn.BCELoss(), xent.BCELoss(), "binary_cross_entropy"))
    return told(draw, {**dressed(draw, made, target), "loss": loss}, moment)


@slip("XE104")
def logs_into_cross_entropy(draw: random.Random) -> Case:
    moment = drawn(draw, "rows")
    logits, target = moment.batch(draw, size(draw))
    logs = draw.choice((logits.log_softmax(1), logits.softmax(1).clamp(min=1e-30).log()))
    settings = draw.choice(({}, {"reduction": "sum"}, {"label_smoothing": 0.1}))
    return told(draw, {**dressed(draw, logs, target, bits=False), **softmax.either(draw, settings)}, moment)


def _nll(draw: random.Random) -> Case:
    return {"loss": draw.choice((F.nll_loss, nn.NLLLoss(), nn.NLLLoss(reduction="sum"), xent.NLLLoss(), "nll_loss"))}


@slip("XE105")
def nll_of_probabilities(draw: random.Random) -> Case:
    moment = drawn(draw, "rows")
    logits, target = moment.batch(draw, size(draw))
    return told(draw, {**dressed(draw, logits.softmax(1), target), **_nll(draw)}, moment)


@slip("XE105")
def nll_of_logits(draw: random.Random) -> Case:
    moment = drawn(draw, "rows")
    logits, target = moment.batch(draw, size(draw))
    return told(draw, {**dressed(draw, logits, target), **_nll(draw)}, moment)


def _student_and_teacher(draw: random.Random) -> tuple[Tensor, Tensor]:
    """Logits of both for the same rows, the student's with a graph."""
    student = drawn(draw, "rows")
    teacher = drawn(draw, "rows", last=True, world=student.world)
    chosen = torch.tensor(draw.sample(range(student.training_rows), min(size(draw), student.training_rows)))
    features = student.source.features[chosen]
    with torch.no_grad():
        taught = teacher.model(features)
    return student.model(features), taught


def _kl(draw: random.Random, **settings: object) -> Case:
    settings = {"reduction": draw.choice(("batchmean", "sum")), **settings}
    form = draw.choice(("torch", "module", "xent", "name"))
    if form == "module":
        return {"loss": nn.KLDivLoss(**settings)}
    return {"loss": {"torch": F.kl_div, "xent": xent.kl_div, "name": "kl_div"}[form], **settings}


@slip("XE106")
def kl_of_what_is_no_log(draw: random.Random) -> Case:
    student, taught = _student_and_teacher(draw)
    made = draw.choice((student.softmax(1), student))
    return {**dressed(draw, made, taught.softmax(1)), **_kl(draw)}


@slip("XE107")
def kl_target_in_the_other_form(draw: random.Random) -> Case:
    student, taught = _student_and_teacher(draw)
    in_logs = draw.random() < 0.5
    target = taught.softmax(1) if in_logs else taught.log_softmax(1)
    return {**dressed(draw, student.log_softmax(1), target), **_kl(draw, log_target=in_logs)}


@slip("XE108")
def kl_by_its_default(draw: random.Random) -> Case:
    student, taught = _student_and_teacher(draw)
    loss = draw.choice(
        (
            {"loss": F.kl_div},
            {"loss": nn.KLDivLoss()},
            {"loss": "kl_div"},
            {"loss": xent.KLDivLoss()},
            {"loss": F.kl_div, "reduction": "mean"},
        )
    )
    return {**dressed(draw, student.log_softmax(1), taught.softmax(1)), **loss}


@slip("XE109")
def kl_the_other_way_round(draw: random.Random) -> Case:
    student, taught = _student_and_teacher(draw)
    in_logs = draw.random() < 0.5
    learning = student.log_softmax(1) if in_logs else student.softmax(1)
    case = dressed(draw, taught.log_softmax(1), learning, graph=True, bits=False)
    return {**case, **_kl(draw, log_target=in_logs)}


@slip("XE110")
def saturated(draw: random.Random) -> Case:
    """Features that nobody scaled, or decisions instead of probabilities."""
    _, logits, target = binary.batch(draw, least=64)
    wrong = torch.rand(target.shape, generator=generator(draw)) < 0.05
    wrong.flatten()[0] = True
    target = torch.where(wrong, (logits < 0).float(), target)
    made = draw.choice(((logits * 1e4).sigmoid(), (logits > 0).float()))
    loss = draw.choice((F.binary_cross_entropy, nn.BCELoss(), "binary_cross_entropy"))
    return {**dressed(draw, made, target, slices=False, bits=False), "loss": loss}


@slip("XE501")
def overflowing(draw: random.Random) -> Case:
    """float16 that is too small for what comes out, or a division by 0 in the model."""
    moment = drawn(draw, "rows")
    logits, target = moment.batch(draw, size(draw))
    if draw.random() < 0.5:
        centred = logits - logits.mean()
        made = (centred / centred.abs().max() * 3e5).half()
    else:
        silent = torch.rand(len(target), 1, generator=generator(draw)) < 0.1
        silent[0] = True
        made = torch.where(silent, logits / torch.zeros(()) * 0, logits)
    loss = softmax.either(draw, {})
    return told(draw, {**dressed(draw, made, target, slices=False, formats=False), **loss}, moment)


@slip("XE501")
def overflowing_questions(draw: random.Random) -> Case:
    _, logits, target = binary.batch(draw, least=31)
    made = draw.choice((logits / 0.0, torch.full_like(logits, torch.nan), (logits.abs() + 1).half() * 7e4))
    return {**dressed(draw, made, target, formats=False), **binary.either(draw, {})}


@slip("XE502")
def too_many_halves(draw: random.Random) -> Case:
    """The pixels of a whole batch in float16."""
    moment = drawn(draw, "grid", world="segmentation")
    with torch.no_grad():
        logits = moment.model(moment.source.features[:195])
    target = moment.source.target[:195].masked_fill(moment.source.target[:195] == 255, 0)
    if draw.random() < 0.5:
        logits, target = logits.movedim(1, -1).flatten(0, -2), target.flatten()
    copies = draw.choice((8, 10))
    logits = 0.05 * logits.repeat(copies, *[1] * (logits.ndim - 1))
    target = target.repeat(copies, *[1] * (target.ndim - 1))
    loss = draw.choice((F.cross_entropy, nn.CrossEntropyLoss()))
    return {**dressed(draw, logits.half(), target, formats=False), "loss": loss}
