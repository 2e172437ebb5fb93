"""Multi-label losses: what is left out is not there, in the loss, in the gradient and in the mean's denominator.

Beside it stands what people take for leaving out: a pos_weight of 0, and values that mean "unknown" read as targets.
"""

import math
import re
from typing import Any

import pytest
import torch
from torch import Tensor

import xent
from tests.catalog_rows import rows_of, value_and_gradient
from xent import LogitTransform
from xent.catalog import Row
from xent.catalog.sigmoid import SIGMOID

EVERY_LOSS = rows_of("sigmoid")
# But for those in which the elements of a row know of one another.
EVERY_LOSS_OF_ELEMENTS = pytest.mark.parametrize(
    "row", [row for row in SIGMOID if row.name not in ("distribution-balanced", "zlpr")], ids=lambda row: row.name
)
EVERY_LOSS_WITHOUT_COUNTS = pytest.mark.parametrize(
    "row", [row for row in SIGMOID if not row.takes_counts], ids=lambda row: row.name
)
REDUCTIONS = pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
COUNTS = torch.tensor([60.0, 30.0, 10.0, 5.0], dtype=torch.float64)
LOGITS = torch.tensor(
    [[0.5, -2.0, 3.0, -0.5], [-0.25, 1.5, -1.0, 1.0], [2.0, 0.75, -3.0, 0.25], [1.0, -0.75, 4.0, 0.0]],
    dtype=torch.float64,
)
TARGET = torch.tensor([[1, 0, 1, 0], [1, 1, 0, 0], [0, 0, 0, 1], [1, 0, 1, 0]], dtype=torch.float64)
CLASSES = torch.tensor([True, False, True, True])  # all but class 1
ROWS = torch.tensor([True, True, False, True])
ELEMENTS = torch.tensor(
    [[True, False, True, True], [True, True, True, False], [False, True, True, True], [True, True, False, False]]
)
MASKS = {
    "a class": CLASSES.expand(4, 4),
    "a row": ROWS,
    "both": CLASSES & ROWS[:, None],
    "elements": ELEMENTS,
}


def loss_of(row: Row, input: Tensor, target: Tensor, counts: Tensor = COUNTS, **settings: Any) -> Tensor:
    """The loss that a row of the catalogue stands for."""
    return row.function(input, target, **row.settings(counts), **settings)


def spoiled(mask: Tensor) -> tuple[Tensor, Tensor]:
    """Logits and target with numbers that would show, where they do not count."""
    left_out = ~(mask if mask.ndim == 2 else mask[:, None]).expand(4, 4)
    wrong = torch.tensor([math.nan, math.inf, -math.inf, 1e300], dtype=torch.float64).expand(4, 4)
    return torch.where(left_out, wrong, LOGITS), TARGET.masked_fill(left_out, math.nan)


def kept(values: Tensor, mask: Tensor) -> Tensor:
    """The rows and columns that a mask of whole rows and classes leaves."""
    whole = (mask if mask.ndim == 2 else mask[:, None]).expand(4, 4)
    return values[whole.any(1)][:, whole.any(0)]


# Left out is not there


@EVERY_LOSS
@REDUCTIONS
@pytest.mark.parametrize("what", ["a class", "a row", "both"])
def test_masked_rows_and_classes_are_not_there(row: Row, reduction: str, what: str) -> None:
    mask = MASKS[what]
    columns = mask.any(0) if mask.ndim == 2 else torch.ones(4, dtype=torch.bool)
    input, target = spoiled(mask)
    value, gradient = value_and_gradient(lambda z: loss_of(row, z, target, mask=mask, reduction=reduction), input)
    expected, expected_gradient = value_and_gradient(
        lambda z: loss_of(row, z, kept(TARGET, mask), COUNTS[columns], reduction=reduction), kept(LOGITS, mask)
    )
    if reduction == "none":
        value = kept(value, mask) if value.ndim == 2 else value[mask.any(1) if mask.ndim == 2 else mask]
    torch.testing.assert_close(value, expected, rtol=1e-12, atol=0)
    torch.testing.assert_close(kept(gradient, mask), expected_gradient, rtol=1e-12, atol=0)
    left_out = ~(mask if mask.ndim == 2 else mask[:, None]).expand(4, 4)
    assert torch.equal(gradient[left_out], torch.zeros_like(gradient[left_out]))


@EVERY_LOSS
def test_masked_elements_are_not_read(row: Row) -> None:
    input, target = spoiled(ELEMENTS)
    value, gradient = value_and_gradient(lambda z: loss_of(row, z, target, mask=ELEMENTS), input)
    assert value.isfinite()
    assert torch.equal(gradient[~ELEMENTS], torch.zeros_like(gradient[~ELEMENTS]))


@EVERY_LOSS_OF_ELEMENTS
@REDUCTIONS
def test_masked_elements_are_not_there(row: Row, reduction: str) -> None:
    """The loss is of the elements that count, alone; where they know of one another, the losses' own tests say how."""
    input, target = spoiled(ELEMENTS)
    value = loss_of(row, input, target, mask=ELEMENTS, reduction=reduction)
    elements = loss_of(row, LOGITS, TARGET, reduction="none")[ELEMENTS]
    expected = {"mean": elements.mean(), "sum": elements.sum(), "none": elements}[reduction]
    torch.testing.assert_close(value[ELEMENTS] if reduction == "none" else value, expected, rtol=1e-12, atol=0)


@EVERY_LOSS
@REDUCTIONS
@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
@pytest.mark.parametrize("index", [-1.0, 255.0])
def test_ignore_index_is_a_mask_that_the_target_brings(row: Row, reduction: str, mask: Tensor, index: float) -> None:
    input, target = spoiled(mask)
    expected = value_and_gradient(lambda z: loss_of(row, z, target, mask=mask, reduction=reduction), input)
    marked = torch.where(target.isnan(), index, target)
    given = {"ignore_index": index, "reduction": reduction}
    assert torch.equal(loss_of(row, input, marked, **given), expected[0])
    module = row.module(**row.settings(COUNTS), **given).double()
    value, gradient = value_and_gradient(module, input, marked)
    torch.testing.assert_close(value, expected[0], rtol=1e-12, atol=0)
    torch.testing.assert_close(gradient, expected[1], rtol=1e-12, atol=0)


@EVERY_LOSS
def test_a_mask_changes_loss_gradient_and_denominator(row: Row) -> None:
    """It is no factor: the sum loses the elements, and the mean is that of those left."""
    whole, gradient = value_and_gradient(lambda z: loss_of(row, z, TARGET, reduction="sum"), LOGITS)
    left, left_gradient = value_and_gradient(lambda z: loss_of(row, z, TARGET, reduction="sum", mask=ROWS), LOGITS)
    assert left < whole
    assert (left_gradient[2] == 0).all()
    assert (gradient[2] != 0).any()
    of_rows = row.name == "zlpr"
    torch.testing.assert_close(loss_of(row, LOGITS, TARGET, mask=ROWS), left / (3 if of_rows else 12))
    torch.testing.assert_close(loss_of(row, LOGITS, TARGET, mask=ROWS, normalizer=5.0), left / 5)


@EVERY_LOSS
def test_nothing_left(row: Row) -> None:
    """Mean nan, sum 0, gradient 0."""
    nothing = torch.zeros(4, dtype=torch.bool)
    mean, gradient = value_and_gradient(lambda z: loss_of(row, z, TARGET, mask=nothing), LOGITS)
    assert mean.isnan()
    assert torch.equal(gradient, torch.zeros_like(gradient))
    assert loss_of(row, LOGITS, TARGET, mask=nothing, reduction="sum") == 0


# What does not leave out


def test_pos_weight_0_ignores_nothing() -> None:
    # One row, three classes at z = 0, class 0 with pos_weight 0. A positive of it costs nothing but is counted: the
    # mean is 2 log(2)/3. A negative costs as ever, and pushes with sigmoid(0)/3 = 1/6.
    z, weight = torch.zeros(1, 3, dtype=torch.float64), torch.tensor([0.0, 1.0, 1.0], dtype=torch.float64)
    positive, negative = torch.tensor([[1.0, 0.0, 1.0]]).double(), torch.tensor([[0.0, 0.0, 1.0]]).double()

    def loss(z: Tensor, target: Tensor, **settings: Any) -> Tensor:
        return xent.binary_cross_entropy_with_logits(z, target, **settings)

    value, gradient = value_and_gradient(loss, z, positive, pos_weight=weight)
    assert value.item() == pytest.approx(2 * math.log(2) / 3)
    assert gradient[0].tolist() == pytest.approx([0, 1 / 6, -1 / 6])
    value, gradient = value_and_gradient(loss, z, negative, pos_weight=weight)
    assert value.item() == pytest.approx(math.log(2))
    assert gradient[0].tolist() == pytest.approx([1 / 6, 1 / 6, -1 / 6])
    # Left out, either of them: the mean is over two elements, and so are the gradients.
    for target in (positive, negative):
        value, gradient = value_and_gradient(loss, z, target, mask=torch.tensor([[False, True, True]]))
        assert value.item() == pytest.approx(math.log(2))
        assert gradient[0].tolist() == pytest.approx([0, 1 / 4, -1 / 4])


def test_weight_0_takes_the_loss_and_leaves_the_denominator() -> None:
    weight = torch.tensor([0.0, 1.0, 1.0, 1.0], dtype=torch.float64)
    weighted = xent.binary_cross_entropy_with_logits(LOGITS, TARGET, weight=weight)
    masked = xent.binary_cross_entropy_with_logits(LOGITS, TARGET, mask=(weight > 0).expand(4, 4))
    torch.testing.assert_close(weighted, masked * 12 / 16)


@EVERY_LOSS
def test_unknown_read_as_a_target_is_another_loss(row: Row) -> None:
    """255 and -1 have to be named; unnamed they make a loss that shows."""
    for index in (255.0, -1.0):
        marked = TARGET.masked_fill(~ELEMENTS, index)
        named = loss_of(row, LOGITS, marked, ignore_index=index)
        assert named.isfinite()
        assert not torch.isclose(loss_of(row, LOGITS, marked), named)


# valid_classes belongs to the softmax


@EVERY_LOSS
def test_valid_classes_is_refused_with_the_reason(row: Row) -> None:
    """Outputs are independent: a class cannot be removed from the others' denominator, only not counted."""
    message = re.compile(
        r"valid_classes belongs to the softmax of one row.*Use mask= here|`logits` has no place here", re.S
    )
    with pytest.raises((ValueError, TypeError), match=message):
        loss_of(row, LOGITS, TARGET, logits=LogitTransform(valid_classes=CLASSES))


def test_a_class_that_does_not_count_is_a_mask() -> None:
    """A view will do, of one truth value a class."""
    mask = CLASSES.expand_as(LOGITS)
    assert mask.stride() == (0, 1)
    loss = xent.binary_cross_entropy_with_logits(LOGITS, TARGET, mask=mask)
    expected = xent.binary_cross_entropy_with_logits(LOGITS[:, CLASSES], TARGET[:, CLASSES])
    torch.testing.assert_close(loss, expected, rtol=1e-12, atol=0)


# What others get wrong


@EVERY_LOSS
def test_ignored_pixels_do_not_dilute_the_mean(row: Row) -> None:
    """segmentation-models divides by all pixels, the ignored included: half an image ignored would halve the loss."""
    image, labels = LOGITS.view(1, 4, 4), TARGET.view(1, 4, 4).clone()
    labels[:, 2:] = 255.0
    loss = loss_of(row, image, labels, ignore_index=255)
    torch.testing.assert_close(loss, loss_of(row, image[:, :2], labels[:, :2]), rtol=1e-12, atol=0)


@EVERY_LOSS_WITHOUT_COUNTS
def test_class_0_is_no_background(row: Row) -> None:
    """kornia's scalar alpha spares class 0. Here equal elements of every class cost the same, class 0 included."""
    for side in (0.0, 1.0):
        z = torch.full((2, 4), 0.5, dtype=torch.float64)
        _, gradient = value_and_gradient(lambda z, y: loss_of(row, z, y), z, torch.full_like(z, side))
        assert (gradient != 0).all()
        torch.testing.assert_close(gradient, gradient[:1, :1].expand(2, 4), rtol=1e-12, atol=0)


@EVERY_LOSS
def test_forward_leaves_grad_mode_alone(row: Row) -> None:
    for enabled in (True, False):
        with torch.set_grad_enabled(enabled):
            loss = row.module(**row.settings(COUNTS))(LOGITS.clone().requires_grad_(), TARGET)
            assert torch.is_grad_enabled() is enabled
            assert loss.requires_grad is enabled


@EVERY_LOSS
def test_inputs_are_not_written_to(row: Row) -> None:
    """The published distribution-balanced loss adds its offset to the caller's logits; Liger zeroes ignored rows."""
    logits, target = LOGITS.clone().requires_grad_(), TARGET.masked_fill(~ELEMENTS, -1.0)
    before = logits.detach().clone(), target.clone()
    loss_of(row, logits, target, ignore_index=-1).backward()
    with torch.no_grad():
        loss_of(row, logits, target, ignore_index=-1)
    assert torch.equal(logits, before[0])
    assert torch.equal(target, before[1])
