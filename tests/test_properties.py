"""What the losses keep: repetition, dropping, removal, shifts, permutations, accumulation, and their limits."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

import xent
from xent import Event, LogitTransform

ROWS, CLASSES = 7, 5
NAN, INF = math.nan, math.inf
SETTINGS: list[dict[str, Any]] = [
    {},
    {"label_smoothing": 0.1},
    {"weight": torch.tensor([1.0, 3.0, 0.5, 2.0, 1.0], dtype=torch.float64)},
    {"event": Event(gamma=2), "z_loss": 0.1},
]
REDUCTIONS = ["mean", "sum"]


def _logits(rows: int = ROWS) -> Tensor:
    return 3 * torch.randn(rows, CLASSES, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def _labels() -> Tensor:
    return torch.tensor([0, 4, 2, 2, 1, 3, 0])


def _value_and_gradient(loss: Callable[[Tensor], Tensor], logits: Tensor) -> tuple[Tensor, Tensor]:
    leaf = logits.clone().requires_grad_()
    value = loss(leaf)
    value.sum().backward()
    return value.detach(), leaf.grad


def _assert_same(one: tuple[Tensor, Tensor], other: tuple[Tensor, Tensor]) -> None:
    torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-15)


# The examples of the README, by hand.


def test_two_right_answers_and_a_wrong_one() -> None:
    """BCE of logits .8, -1.2, .1 with labels 1, 0, 1.

    -log sigmoid(.8)   = log(1 + e^-.8)  = log(1.449329) = .371101
    -log sigmoid(1.2)  = log(1 + e^-1.2) = log(1.301194) = .263282
    -log sigmoid(.1)   = log(1 + e^-.1)  = log(1.904837) = .644397
    mean                                                 = .426260
    gradient (sigmoid(x) - y)/3: (.689974 - 1)/3, .231475/3, (.524979 - 1)/3
    """
    logits, labels = torch.tensor([[0.8], [-1.2], [0.1]]), torch.tensor([[1.0], [0.0], [1.0]])
    value, gradient = _value_and_gradient(lambda z: xent.binary_cross_entropy_with_logits(z, labels), logits)
    assert value.item() == pytest.approx(0.426260, abs=1e-6)
    torch.testing.assert_close(gradient, torch.tensor([[-0.103342], [0.077158], [-0.158340]]), rtol=0, atol=1e-6)


def test_three_classes() -> None:
    """CE of three rows with labels 0, 1, 2.

    lse(2, .5, .3)  = log(7.389056 + 1.648721 + 1.349859) = log(10.387636) = 2.340616    nll = lse - 2   = .340616
    lse(.2, 1.5, .1) = log(1.221403 + 4.481689 + 1.105171) = log(6.808263) = 1.918137    nll = lse - 1.5 = .418137
    lse(1, .9, 1.2) = log(2.718282 + 2.459603 + 3.320117) = log(8.498002)  = 2.139831    nll = lse - 1.2 = .939831
    mean = 1.698584/3 = .566195
    gradient of the first row, (p - e_0)/3: (.711332 - 1)/3, .158719/3, .129949/3
    """
    logits = torch.tensor([[2.0, 0.5, 0.3], [0.2, 1.5, 0.1], [1.0, 0.9, 1.2]])
    value, gradient = _value_and_gradient(lambda z: xent.cross_entropy(z, torch.tensor([0, 1, 2])), logits)
    assert value.item() == pytest.approx(0.566195, abs=1e-6)
    torch.testing.assert_close(gradient[0], torch.tensor([-0.096223, 0.052906, 0.043316]), rtol=0, atol=1e-6)


# What counts, and how often.


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_sample_weight_is_repetition(settings: dict[str, Any], reduction: str) -> None:
    times = torch.tensor([1, 3, 0, 2, 1, 0, 4])

    def weighed(z: Tensor) -> Tensor:
        return xent.cross_entropy(z, _labels(), sample_weight=times.double(), reduction=reduction, **settings)

    def repeated(z: Tensor) -> Tensor:
        rows, labels = z.repeat_interleave(times, 0), _labels().repeat_interleave(times)
        return xent.cross_entropy(rows, labels, reduction=reduction, **settings)

    _assert_same(_value_and_gradient(weighed, _logits()), _value_and_gradient(repeated, _logits()))


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_sample_weight_is_repetition_of_elements(reduction: str) -> None:
    times = torch.tensor([1, 3, 0, 2, 1, 0, 4])
    target = (_logits() > 1).double()
    loss = xent.binary_cross_entropy_with_logits

    def weighed(z: Tensor) -> Tensor:
        return loss(z, target, sample_weight=times.double(), reduction=reduction)

    def repeated(z: Tensor) -> Tensor:
        return loss(z.repeat_interleave(times, 0), target.repeat_interleave(times, 0), reduction=reduction)

    _assert_same(_value_and_gradient(weighed, _logits()), _value_and_gradient(repeated, _logits()))


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("way", ["mask", "sample_weight", "ignore_index"])
@pytest.mark.parametrize("rubbish", [NAN, INF, -INF, 0.0])
def test_leaving_out_is_dropping(settings: dict[str, Any], reduction: str, way: str, rubbish: float) -> None:
    """Rows that are left out are not read: their values do not matter, and they get gradient 0."""
    kept = torch.tensor([True, False, True, True, False, True, True])
    logits = _logits()
    logits[~kept] = rubbish
    labels = _labels()
    left_out: dict[str, Any] = {
        "mask": {"mask": kept},
        "sample_weight": {"sample_weight": kept.double()},
        "ignore_index": {},
    }[way]
    if way == "ignore_index":
        labels = labels.masked_fill(~kept, -100)

    value, gradient = _value_and_gradient(
        lambda z: xent.cross_entropy(z, labels, reduction=reduction, **left_out, **settings), logits
    )
    expected = _value_and_gradient(
        lambda z: xent.cross_entropy(z, _labels()[kept], reduction=reduction, **settings), _logits()[kept]
    )
    _assert_same((value, gradient[kept]), expected)
    assert (gradient[~kept] == 0).all()


@pytest.mark.parametrize("rubbish", [NAN, INF, 0.0])
def test_leaving_out_probability_rows_is_dropping(rubbish: float) -> None:
    kept = torch.tensor([True, False, True, True, False, True, True])
    logits, target = _logits(), _logits().roll(1, 0).softmax(1)
    expected = _value_and_gradient(lambda z: xent.cross_entropy(z, target[kept]), logits[kept])
    logits[~kept], spoiled = rubbish, target.clone()
    spoiled[~kept] = rubbish
    value, gradient = _value_and_gradient(lambda z: xent.cross_entropy(z, spoiled, mask=kept), logits)
    _assert_same((value, gradient[kept]), expected)
    assert (gradient[~kept] == 0).all()


@pytest.mark.parametrize("way", ["mask", "sample_weight", "ignore_index"])
@pytest.mark.parametrize("rubbish", [NAN, INF, -INF, 0.0])
def test_leaving_out_elements_is_dropping(way: str, rubbish: float) -> None:
    kept = _logits() < 2
    logits, target = _logits(), (_logits() > 0).double()
    expected = _value_and_gradient(lambda z: xent.binary_cross_entropy_with_logits(z, target[kept]), logits[kept])
    logits[~kept] = rubbish
    left_out: dict[str, Any] = {
        "mask": {"mask": kept},
        "sample_weight": {"sample_weight": kept.double()},
        "ignore_index": {"ignore_index": 255},
    }[way]
    spoiled = target.masked_fill(~kept, 255 if way == "ignore_index" else rubbish)
    value, gradient = _value_and_gradient(
        lambda z: xent.binary_cross_entropy_with_logits(z, spoiled, **left_out), logits
    )
    _assert_same((value, gradient[kept]), expected)
    assert (gradient[~kept] == 0).all()


@pytest.mark.parametrize("left_out", ["ignore_index", "mask", "sample_weight"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_nothing_left(left_out: str, dtype: torch.dtype) -> None:
    """The mean of no rows is 0/0 = nan; there is nothing to learn from them, so the gradient is 0. Their sum is 0."""
    labels = torch.full((ROWS,), -100) if left_out == "ignore_index" else _labels()
    settings = {
        "ignore_index": {},
        "mask": {"mask": torch.zeros(ROWS, dtype=torch.bool)},
        "sample_weight": {"sample_weight": torch.zeros(ROWS)},
    }[left_out]
    logits = _logits().to(dtype)
    value, gradient = _value_and_gradient(lambda z: xent.cross_entropy(z, labels, **settings), logits)
    assert value.isnan()
    assert (gradient == 0).all()
    value, gradient = _value_and_gradient(lambda z: xent.cross_entropy(z, labels, reduction="sum", **settings), logits)
    assert value == 0
    assert (gradient == 0).all()


def test_no_rows() -> None:
    nothing = torch.zeros(0, CLASSES)
    value, gradient = _value_and_gradient(lambda z: xent.cross_entropy(z, torch.zeros(0, dtype=torch.long)), nothing)
    assert value.isnan()
    assert gradient.shape == nothing.shape
    assert xent.cross_entropy(nothing, torch.zeros(0, dtype=torch.long), reduction="sum") == 0
    assert xent.binary_cross_entropy_with_logits(nothing, nothing, reduction="sum") == 0
    assert xent.binary_cross_entropy_with_logits(nothing, nothing).isnan()


def test_zero_pos_weight_is_not_a_mask() -> None:
    """pos_weight=0 silences the positives of a class; its negatives go on teaching, and all elements are counted.

    logits 0 everywhere: every side costs log 2 = .693147, and pulls with 1/2.
    pos_weight = (0, 1):  loss (0 + .693147 + .693147 + .693147)/4 = .519860, gradient (0, -1/2, 1/2, 1/2)/4
    mask of column 0:     loss (.693147 + .693147)/2 = .693147, gradient (0, -1/2, 0, 1/2)/2
    """
    logits = torch.zeros(2, 2)
    target = torch.tensor([[1.0, 1.0], [0.0, 0.0]])
    loss = xent.binary_cross_entropy_with_logits
    value, gradient = _value_and_gradient(lambda z: loss(z, target, pos_weight=torch.tensor([0.0, 1.0])), logits)
    assert value.item() == pytest.approx(0.519860, abs=1e-6)
    torch.testing.assert_close(gradient, torch.tensor([[0.0, -0.125], [0.125, 0.125]]))

    mask = torch.tensor([[False, True], [False, True]])
    value, gradient = _value_and_gradient(lambda z: loss(z, target, mask=mask), logits)
    assert value.item() == pytest.approx(0.693147, abs=1e-6)
    torch.testing.assert_close(gradient, torch.tensor([[0.0, -0.25], [0.0, 0.25]]))


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("as_tensor", [False, True], ids=["number", "tensor"])
def test_normalizer_makes_parts_add_up(settings: dict[str, Any], as_tensor: bool) -> None:
    """Micro-batches of unequal counts, each divided by the whole count, add up to the loss of the whole batch."""
    labels = _labels()
    labels[1] = -100
    weight = settings.get("weight", torch.ones(CLASSES, dtype=torch.float64))
    total = weight[labels[labels >= 0]].sum()
    normalizer = total if as_tensor else float(total)
    whole = _value_and_gradient(lambda z: xent.cross_entropy(z, labels, **settings), _logits())

    def accumulated(z: Tensor) -> Tensor:
        parts = (slice(0, 2), slice(2, 3), slice(3, ROWS))
        return sum(xent.cross_entropy(z[p], labels[p], normalizer=normalizer, **settings) for p in parts)

    _assert_same(_value_and_gradient(accumulated, _logits()), whole)


def test_normalizer_of_elements_adds_up() -> None:
    target = (_logits() > 0).double()
    whole = _value_and_gradient(lambda z: xent.binary_cross_entropy_with_logits(z, target), _logits())

    def accumulated(z: Tensor) -> Tensor:
        loss = xent.binary_cross_entropy_with_logits
        return loss(z[:2], target[:2], normalizer=35) + loss(z[2:], target[2:], normalizer=35)

    _assert_same(_value_and_gradient(accumulated, _logits()), whole)


# Classes that are removed.


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_removed_classes_are_offset_by_minus_infinity(settings: dict[str, Any]) -> None:
    remains = torch.tensor([True, True, True, True, False])
    labels = _labels().clamp(max=3)
    offset = torch.zeros(CLASSES, dtype=torch.float64).masked_fill(~remains, -INF)

    def loss(transform: LogitTransform) -> Callable[[Tensor], Tensor]:
        return lambda z: xent.cross_entropy(z, labels, logits=transform, **settings)

    by_offset = _value_and_gradient(loss(LogitTransform(offset=offset)), _logits())
    _assert_same(_value_and_gradient(loss(LogitTransform(valid_classes=remains)), _logits()), by_offset)
    _assert_same(_value_and_gradient(loss(LogitTransform(valid_classes=4)), _logits()), by_offset)
    assert torch.isfinite(by_offset[0])
    assert (by_offset[1][:, 4] == 0).all()


def test_removed_classes_are_not_there() -> None:
    """A padded vocabulary: the loss is that of the logits without the padding, whatever the padding holds."""
    padded = torch.cat([_logits(), torch.full((ROWS, 3), NAN, dtype=torch.float64)], 1)
    settings = {"label_smoothing": 0.1}
    value, gradient = _value_and_gradient(
        lambda z: xent.cross_entropy(z, _labels(), logits=LogitTransform(valid_classes=CLASSES), **settings), padded
    )
    plain = _value_and_gradient(lambda z: xent.cross_entropy(z, _labels(), **settings), _logits())
    _assert_same((value, gradient[:, :CLASSES]), plain)
    assert (gradient[:, CLASSES:] == 0).all()


@pytest.mark.parametrize("removal", [LogitTransform(valid_classes=torch.tensor([True, False, True])), "logits"])
def test_removed_label(removal: Any) -> None:
    """An impossible label costs inf; the gradient is p - e_y, with p = softmax(1, 3) = (e^-2, 1)/(1 + e^-2)."""
    logits = torch.tensor([[1.0, 2.0, 3.0]])
    transform = removal
    if removal == "logits":
        logits[0, 1], transform = -INF, None
    value, gradient = _value_and_gradient(lambda z: xent.cross_entropy(z, torch.tensor([1]), logits=transform), logits)
    assert value == INF
    torch.testing.assert_close(gradient, torch.tensor([[0.119203, -1.0, 0.880797]]), rtol=1e-5, atol=0)


@pytest.mark.parametrize("spoiled", [INF, NAN])
def test_a_logit_without_a_softmax(spoiled: float) -> None:
    """+inf or NaN in a row that counts makes the loss nan, at the label or elsewhere, as in torch."""
    for label in (0, 1):
        logits = torch.tensor([[spoiled, 1.0, 2.0], [1.0, 2.0, 3.0]])
        value, gradient = _value_and_gradient(
            lambda z, label=label: xent.cross_entropy(z, torch.tensor([label, 0]), reduction="none"), logits
        )
        assert value.isnan().tolist() == [True, False]
        assert gradient.isnan().any(1).tolist() == [True, False]


def test_one_class() -> None:
    """With one class there is nothing to tell: loss and gradient are 0."""
    value, gradient = _value_and_gradient(
        lambda z: xent.cross_entropy(z, torch.zeros(3, dtype=torch.long), event=Event(gamma=0.5)), torch.randn(3, 1)
    )
    assert value == 0
    assert (gradient == 0).all()


# Symmetries.


@pytest.mark.parametrize("settings", [s for s in SETTINGS if "z_loss" not in s], ids=str)
@pytest.mark.parametrize("constant", [-1e4, 64.0])
def test_adding_a_constant_changes_nothing(settings: dict[str, Any], constant: float) -> None:
    logits = _logits().mul(256).round().div(256)  # exact with the constant too
    plain = _value_and_gradient(lambda z: xent.cross_entropy(z, _labels(), **settings), logits)
    _assert_same(_value_and_gradient(lambda z: xent.cross_entropy(z, _labels(), **settings), logits + constant), plain)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_classes_have_no_order(settings: dict[str, Any]) -> None:
    order = torch.tensor([3, 0, 4, 1, 2])
    moved = {name: v[order] if isinstance(v, Tensor) else v for name, v in settings.items()}
    value, gradient = _value_and_gradient(lambda z: xent.cross_entropy(z, _labels(), **settings), _logits())
    of_moved = _value_and_gradient(
        lambda z: xent.cross_entropy(z, order.argsort()[_labels()], **moved), _logits()[:, order]
    )
    _assert_same(of_moved, (value, gradient[:, order]))


@pytest.mark.parametrize("settings", SETTINGS[:3], ids=str)
def test_gradients_of_a_row_add_up_to_zero(settings: dict[str, Any]) -> None:
    _, gradient = _value_and_gradient(lambda z: xent.cross_entropy(z, _labels(), **settings), _logits())
    torch.testing.assert_close(gradient.sum(1), torch.zeros(ROWS, dtype=torch.float64), rtol=0, atol=1e-15)


def test_one_hot_probabilities_are_labels() -> None:
    one_hot = torch.nn.functional.one_hot(_labels(), CLASSES).double()
    for settings in ({}, {"label_smoothing": 0.1}, {"event": Event(gamma=2), "z_loss": 0.1}):
        _assert_same(
            _value_and_gradient(lambda z, s=settings: xent.cross_entropy(z, one_hot, **s), _logits()),
            _value_and_gradient(lambda z, s=settings: xent.cross_entropy(z, _labels(), **s), _logits()),
        )


def test_weighted_means_of_labels_and_of_probabilities_differ() -> None:
    """As in torch, labels divide by the sum of their weights, probabilities by the number of rows.

    Two classes, logits 0: every row costs log 2 times its weight, 1 and 3.
    labels:        (1 + 3)*log 2/(1 + 3) = .693147
    probabilities: (1 + 3)*log 2/2       = 1.386294
    """
    logits, weight = torch.zeros(2, 2), torch.tensor([1.0, 3.0])
    assert xent.cross_entropy(logits, torch.tensor([0, 1]), weight).item() == pytest.approx(0.693147, abs=1e-6)
    assert xent.cross_entropy(logits, torch.eye(2), weight).item() == pytest.approx(1.386294, abs=1e-6)


def test_two_classes_are_one_binary_output() -> None:
    """softmax over (0, z) is sigmoid(z)."""
    z = _logits()[:, 0]
    target = (_logits()[:, 1] > 0).long()
    pair = torch.stack([torch.zeros_like(z), z], 1)
    for event in (Event(), Event(gamma=2), Event(poly=1, q=0.5)):
        torch.testing.assert_close(
            xent.cross_entropy(pair, target, event=event),
            xent.binary_cross_entropy_with_logits(z, target.double(), positive=event, negative=event),
            rtol=1e-12,
            atol=0,
        )


def test_the_binary_loss_has_two_sides() -> None:
    """Swapping the sides and the sign of the logits changes nothing."""
    z, target = _logits(), _logits().roll(1, 0).sigmoid()
    sides = {"positive": Event(gamma=1), "negative": Event(gamma=3, poly=1)}
    swapped = {"positive": sides["negative"], "negative": sides["positive"]}
    torch.testing.assert_close(
        xent.binary_cross_entropy_with_logits(z, target, pos_weight=torch.tensor(3.0), **sides),
        xent.binary_cross_entropy_with_logits(-z, 1 - target, neg_weight=torch.tensor(3.0), **swapped),
        rtol=1e-12,
        atol=0,
    )


def test_shift_forgives_easy_negatives() -> None:
    """Negatives with p <= shift cost nothing; at the kink, p = shift = 1/2 at x = 0, the gradient is 0."""
    logits = torch.tensor([-3.0, 0.0, 1.0])
    value, gradient = _value_and_gradient(
        lambda z: xent.binary_cross_entropy_with_logits(z, torch.zeros(3), negative=Event(shift=0.5), reduction="none"),
        logits,
    )
    # x = 1: u = 1 - .731059 + .5 = .768941, -log u = .262741; p(1-p)/u = .196612/.768941 = .255692
    torch.testing.assert_close(value, torch.tensor([0.0, 0.0, 0.262741]), rtol=0, atol=1e-6)
    torch.testing.assert_close(gradient, torch.tensor([0.0, 0.0, 0.255692]), rtol=0, atol=1e-6)


def test_impossible_labels_without_weight_cost_nothing() -> None:
    """0*inf = 0: class weight 0 on a removed label."""
    logits = torch.tensor([[1.0, -INF, 2.0], [1.0, 0.0, 2.0]])
    value, gradient = _value_and_gradient(
        lambda z: xent.cross_entropy(z, torch.tensor([1, 2]), torch.tensor([1.0, 0.0, 1.0])), logits
    )
    # lse(1, 0, 2) - 2 = log(2.718282 + 1 + 7.389056) - 2 = .407606
    assert value.item() == pytest.approx(0.407606, abs=1e-6)
    assert (gradient[0] == 0).all()


def test_weights_that_add_up_to_zero() -> None:
    """Rows that count, of total weight 0: the mean is 0/0 and so is its gradient, as in torch; the sum is 0."""
    weight = torch.tensor([1.0, 0.0])
    labels = torch.tensor([1, 1])
    for library in (xent, torch.nn.functional):
        value, gradient = _value_and_gradient(
            lambda z, library=library: library.cross_entropy(z, labels, weight), torch.zeros(2, 2)
        )
        assert value.isnan()
        assert gradient.isnan().all()
    assert xent.cross_entropy(torch.zeros(2, 2), labels, weight, reduction="sum") == 0


def test_class_weights_promote_beside_probabilities() -> None:
    """Float64 weights beside float32 logits and probabilities give a float64 loss, as in torch."""
    logits, target, weight = (
        torch.zeros(1, 2),
        torch.tensor([[0.5, 0.5]]),
        torch.tensor([1.0, 0.5], dtype=torch.float64),
    )
    loss = xent.cross_entropy(logits, target, weight)
    assert loss.dtype == torch.float64
    # .5*1*log 2 + .5*.5*log 2
    torch.testing.assert_close(loss, torch.tensor(0.75 * math.log(2), dtype=torch.float64), rtol=1e-15, atol=0)


@pytest.mark.parametrize("unread", [math.nan, math.inf, -math.inf])
def test_the_offset_of_what_is_not_read_is_not_read(unread: float) -> None:
    offset = torch.tensor([[0.0, 1.0], [unread, unread]])
    transform = LogitTransform(offset=offset)
    mask = torch.tensor([True, False])
    logits = torch.zeros(2, 2, requires_grad=True)
    for loss in (
        xent.cross_entropy(logits, torch.tensor([0, 1]), logits=transform, mask=mask),
        xent.cross_entropy(logits, torch.eye(2), logits=transform, mask=mask),
        xent.binary_cross_entropy_with_logits(logits, torch.eye(2), logits=transform, mask=mask),
    ):
        (gradient,) = torch.autograd.grad(loss, logits)
        assert loss.isfinite()
        assert torch.equal(gradient[1], torch.zeros(2))
        assert gradient[0].abs().min() > 0
