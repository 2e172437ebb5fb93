"""Every named loss takes the settings of the core, and they mean what they mean there, or it refuses them by name."""

from typing import Any

import pytest
import torch
from torch import Tensor

from tests.catalog_rows import (
    BATCH,
    CLASSES,
    EVERY_ROW,
    LABELS,
    assert_same,
    function,
    logits,
    module,
    refused,
    rows_of,
    target_of,
    value_and_gradient,
)
from xent import LogitTransform
from xent.catalog import Row, Trait

KEPT = torch.tensor([True, False, True, True, False, True])
REPETITION = torch.tensor([1.0, 2.0, 0.0, 3.0, 1.0, 4.0], dtype=torch.float64)
WEIGHT = torch.tensor([1.0, 3.0, 0.5, 2.0], dtype=torch.float64)


def rows(row: Row, input: Tensor, target: Tensor | None = None, **settings: Any) -> Tensor:
    """The unreduced loss."""
    return function(row)(input, target_of(row) if target is None else target, reduction="none", **settings)


def by_row(factor: Tensor, losses: Tensor) -> Tensor:
    """A factor of shape (N,) for losses of shape (N,) or (N, C)."""
    return factor.view(-1, *[1] * (losses.ndim - 1))


def denominators(row: Row, losses: Tensor) -> Tensor:
    """d of every loss: the weight of its label, or 1."""
    weight = module(row).weight if row.link == "softmax" else None
    return torch.ones_like(losses) if weight is None else weight.double()[LABELS]


# Reductions


@EVERY_ROW
def test_sum_and_mean(row: Row) -> None:
    losses, arguments = rows(row, logits()), (logits(), target_of(row))
    total = function(row)(*arguments, reduction="sum")
    assert_same(total, losses.sum())
    assert_same(function(row)(*arguments), total / denominators(row, losses).sum())
    assert refused("reduction", function(row), *arguments, reduction="average")


@EVERY_ROW
def test_normalizer_replaces_the_denominator(row: Row) -> None:
    arguments = logits(), target_of(row)
    assert_same(function(row)(*arguments, normalizer=7.0), function(row)(*arguments, reduction="sum") / 7)
    assert refused("normalizer", function(row), *arguments, normalizer=7.0, reduction="sum")
    assert refused("normalizer", module(row), *arguments, normalizer=0.0)


# What counts, and how often


@EVERY_ROW
def test_sample_weight_is_repetition(row: Row) -> None:
    losses = rows(row, logits())
    weighed = rows(row, logits(), sample_weight=REPETITION)
    assert_same(weighed, by_row(REPETITION, losses) * losses)
    counted = by_row(REPETITION, losses) * denominators(row, losses)
    assert_same(function(row)(logits(), target_of(row), sample_weight=REPETITION), weighed.sum() / counted.sum())


@EVERY_ROW
def test_a_masked_row_is_not_there(row: Row) -> None:
    spoiled = logits().masked_fill(~KEPT[:, None], torch.nan)
    value, gradient = value_and_gradient(function(row), spoiled, target_of(row), mask=KEPT)
    expected, expected_gradient = value_and_gradient(function(row), logits()[KEPT], target_of(row)[KEPT])
    assert_same(value, expected)
    assert_same(gradient[KEPT], expected_gradient)
    assert (gradient[~KEPT] == 0).all()


@rows_of("sigmoid")
def test_a_masked_element_is_not_there(row: Row) -> None:
    mask = torch.ones(BATCH, CLASSES, dtype=torch.bool)
    mask[0, 0] = mask[2, 3] = mask[3, 1] = False
    flipped = torch.where(mask, target_of(row), 1 - target_of(row))
    value, gradient = value_and_gradient(function(row), logits(), target_of(row), mask=mask)
    spoiled = logits().masked_fill(~mask, torch.nan)
    assert_same(value_and_gradient(function(row), spoiled, flipped, mask=mask), (value, gradient))
    assert (gradient[~mask] == 0).all()
    assert (gradient[mask] != 0).any()


@rows_of("softmax", "sigmoid")
def test_ignore_index_is_a_mask(row: Row) -> None:
    index = -7
    masked = target_of(row).masked_fill(~KEPT if row.link == "softmax" else ~KEPT[:, None], index)
    if refused("ignore_index", function(row), logits(), masked, ignore_index=index):
        return
    found = value_and_gradient(function(row), logits(), masked, ignore_index=index)
    assert_same(found, value_and_gradient(function(row), logits(), target_of(row), mask=KEPT))


@rows_of("softmax")
def test_minus_100_is_ignored(row: Row) -> None:
    found = function(row)(logits(), LABELS.masked_fill(~KEPT, -100))
    assert_same(found, function(row)(logits(), LABELS, mask=KEPT))


@rows_of("softmax")
def test_every_class_has_its_weight(row: Row) -> None:
    """What a class adds to the loss is multiplied by its weight: with smoothing, not only the label's."""
    if refused("weight", rows, row, logits(), weight=WEIGHT):
        return
    shares = torch.stack([rows(row, logits(), weight=one) for one in torch.eye(CLASSES, dtype=torch.float64)])
    assert_same(shares.sum(0), rows(row, logits()))
    assert_same(WEIGHT @ shares, rows(row, logits(), weight=WEIGHT))
    found = function(row)(logits(), LABELS, weight=WEIGHT)
    assert_same(found, rows(row, logits(), weight=WEIGHT).sum() / WEIGHT[LABELS].sum())
    level = torch.zeros(BATCH, CLASSES, dtype=torch.float64)
    shares = torch.stack([rows(row, level, weight=one) for one in torch.eye(CLASSES, dtype=torch.float64)])
    assert torch.equal(shares.argmax(0), LABELS)


@rows_of("sigmoid")
def test_weight_is_a_factor(row: Row) -> None:
    if not refused("weight", rows, row, logits(), weight=WEIGHT):
        assert_same(rows(row, logits(), weight=WEIGHT), WEIGHT * rows(row, logits()))


@rows_of("sigmoid")
@pytest.mark.parametrize("side", ["pos_weight", "neg_weight"])
def test_a_side_has_a_weight(row: Row, side: str) -> None:
    if refused(side, rows, row, logits(), **{side: WEIGHT}):
        return
    meant = target_of(row) == (side == "pos_weight")
    losses = rows(row, logits())
    assert_same(rows(row, logits(), **{side: WEIGHT}), torch.where(meant, WEIGHT, 1.0) * losses)


# Targets


def soft_target(row: Row) -> Tensor:
    """Probabilities, none of them 0 or 1."""
    normal = logits(seed=1)
    return normal.softmax(1) if row.link == "softmax" else normal.sigmoid()


def mixed_losses(row: Row, target: Tensor) -> Tensor:
    """The losses of the labels, mixed as a soft target says."""
    if row.link == "softmax":
        losses = [rows(row, logits(), torch.full((BATCH,), label)) for label in range(CLASSES)]
        return (target * torch.stack(losses, 1)).sum(1)
    positive, negative = (rows(row, logits(), torch.full_like(target, side)) for side in (1.0, 0.0))
    if positive.ndim == 1:
        # Of a row in which all classes are there, and of one in which none is, nothing can be mixed class by class.
        return rows(row, logits(), target) * torch.nan
    return target * positive + (1 - target) * negative


@rows_of("softmax", "sigmoid")
def test_soft_targets_mix_the_losses_of_the_labels(row: Row) -> None:
    target = soft_target(row)
    if refused("target", rows, row, logits(), target):
        return
    found = rows(row, logits(), target)
    assert torch.allclose(found, mixed_losses(row, target), rtol=1e-11, atol=1e-11) == (
        Trait.SOFT_TARGETS_OF_ITS_OWN not in row.traits
    )


@rows_of("softmax")
def test_a_certain_target_is_a_label(row: Row) -> None:
    certain = torch.nn.functional.one_hot(LABELS, CLASSES).double()
    if refused("target", rows, row, logits(), certain):
        return
    assert_same(rows(row, logits(), certain), rows(row, logits()))
    # Of probabilities, torch's mean counts rows and not weights.
    assert_same(function(row)(logits(), certain), rows(row, logits()).mean())


@rows_of("softmax", "sigmoid")
def test_label_smoothing_is_a_soft_target(row: Row) -> None:
    if refused("label_smoothing", rows, row, logits(), label_smoothing=0.2):
        return
    plain, smoothed, uniform = (rows(row, logits(), label_smoothing=eps) for eps in (0.0, 0.2, 1.0))
    assert_same(smoothed, 0.8 * plain + 0.2 * uniform)
    assert not torch.allclose(smoothed, plain)
    if Trait.SOFT_TARGETS_OF_ITS_OWN in row.traits:
        return
    certain = torch.nn.functional.one_hot(LABELS, CLASSES).double() if row.link == "softmax" else target_of(row)
    soft = 0.8 * certain + 0.2 / (CLASSES if row.link == "softmax" else 2)
    if not refused("target", rows, row, logits(), soft):
        assert_same(smoothed, rows(row, logits(), soft, label_smoothing=0.0))


@rows_of("softmax", "sigmoid")
def test_smoothing_prior_takes_the_place_of_equal_shares(row: Row) -> None:
    prior = torch.tensor([0.4, 0.3, 0.2, 0.1], dtype=torch.float64)
    settings = {"label_smoothing": 1.0, "smoothing_prior": prior}
    refuses = refused("label_smoothing", rows, row, logits(), label_smoothing=1.0)
    if refuses or refused("smoothing_prior", rows, row, logits(), **settings):
        return
    assert not torch.allclose(rows(row, logits(), **settings), rows(row, logits(), label_smoothing=1.0))
    if Trait.SOFT_TARGETS_OF_ITS_OWN in row.traits:
        return
    soft = prior.expand(BATCH, CLASSES)
    if not refused("target", rows, row, logits(), soft):
        assert_same(rows(row, logits(), **settings), rows(row, logits(), soft, label_smoothing=0.0))


# The rest of the core


@EVERY_ROW
def test_softcap_comes_first(row: Row) -> None:
    settings = {"logits": LogitTransform(softcap=3.0)}
    if not refused("logits", rows, row, logits(), **settings):
        capped = rows(row, 3 * (logits() / 3).tanh(), logits=LogitTransform())
        assert_same(rows(row, logits(), **settings), capped)


@rows_of("softmax")
def test_z_loss_is_added(row: Row) -> None:
    if refused("z_loss", rows, row, logits(), z_loss=0.1):
        return
    none, once, twice = (rows(row, logits(), z_loss=share) for share in (0.0, 0.1, 0.2))
    assert (once > none).all()
    assert_same(twice - none, 2 * (once - none))


@rows_of("softmax")
def test_the_class_axis_may_be_elsewhere(row: Row) -> None:
    """Positions of images and of sequences are rows."""
    image, labels = logits().view(2, 3, CLASSES).movedim(-1, 1), LABELS.view(2, 3)
    expected = rows(row, logits()).view(2, 3)
    assert_same(rows(row, image, labels), expected)
    assert_same(rows(row, logits().view(2, 3, CLASSES), labels, dim=-1), expected)


@EVERY_ROW
def test_the_gradient_may_take_the_place_of_the_logits(row: Row) -> None:
    arguments = logits(dtype=torch.float32), target_of(row, torch.float32)
    if refused("inplace_gradient", function(row), *arguments, inplace_gradient=True):
        return
    found = value_and_gradient(
        lambda z, y, **given: function(row)(z * 1.0, y, **given), *arguments, inplace_gradient=True
    )
    torch.testing.assert_close(found, value_and_gradient(function(row), *arguments), rtol=1e-5, atol=1e-6)
