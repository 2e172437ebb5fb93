"""Equalization loss: the paper's formula for every draw, that draws repeat and have their share, what is refused."""

import copy
import math
import pickle
from typing import Any

import pytest
import torch
from torch import Tensor

import xent
from xent.presets import EqualizationLoss, equalization_loss

COUNTS = [50, 40, 6, 4]  # an equal share is 25: below half of it lie the last two
RARE = torch.tensor([False, False, True, True])
LOGITS = torch.tensor(
    [[2.0, -1.0, 0.3, 0.0], [-3.0, 0.0, 1.0, 2.0], [0.1, 0.2, 0.4, -1.0], [1.0, 0.0, -1.0, 3.0]], dtype=torch.float64
)
LABELS = torch.tensor([1, 0, 2, 3])
WEIGHT = torch.tensor([1.0, 2.0, 0.5, 3.0], dtype=torch.float64)


def plainly(drawn: Tensor) -> Tensor:
    """With beta of each row."""
    y = torch.nn.functional.one_hot(LABELS, 4).double()
    w = 1 - drawn.double()[:, None] * RARE.double() * (1 - y)
    return -((y * LOGITS.exp()).sum(1) / (w * LOGITS.exp()).sum(1)).log()


def close(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=0)


@pytest.mark.parametrize("gamma", [0.0, 1.0])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_formula_without_chance(gamma: float, reduction: str) -> None:
    rows, d = WEIGHT[LABELS] * plainly(torch.full((4,), gamma)), WEIGHT[LABELS]
    expected = {"none": rows, "sum": rows.sum(), "mean": rows.sum() / d.sum()}[reduction]
    close(equalization_loss(LOGITS, LABELS, COUNTS, gamma=gamma, weight=WEIGHT, reduction=reduction), expected)
    close(EqualizationLoss(COUNTS, gamma=gamma, weight=WEIGHT, reduction=reduction)(LOGITS, LABELS), expected)


def test_every_row_is_one_of_two() -> None:
    """Of 2000 rows, a share of .7 +- .05 leaves the rare classes alone: five standard deviations."""
    many = 500
    generator = torch.Generator().manual_seed(7)
    loss = equalization_loss(
        LOGITS.repeat(many, 1), LABELS.repeat(many), COUNTS, gamma=0.7, generator=generator, reduction="none"
    )
    alone, plain = (plainly(torch.full((4,), beta)).repeat(many) for beta in (1.0, 0.0))
    left_alone = torch.isclose(loss, alone, rtol=1e-12, atol=0)
    assert bool((left_alone | torch.isclose(loss, plain, rtol=1e-12, atol=0)).all())
    assert 0.65 < left_alone.double().mean().item() < 0.75


def test_draws_repeat() -> None:
    def drawn(seed: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        return equalization_loss(LOGITS.repeat(9, 1), LABELS.repeat(9), COUNTS, 0.5, 0.5, generator, reduction="none")

    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))
    module = EqualizationLoss(COUNTS, gamma=0.5, generator=torch.Generator().manual_seed(1), reduction="none")
    assert torch.equal(module(LOGITS.repeat(9, 1), LABELS.repeat(9)), drawn(1))
    torch.manual_seed(5)
    first = equalization_loss(LOGITS, LABELS, COUNTS, gamma=0.5, reduction="none")
    torch.manual_seed(5)
    assert torch.equal(equalization_loss(LOGITS, LABELS, COUNTS, gamma=0.5, reduction="none"), first)


def test_rows_of_others_do_not_push_a_rare_class() -> None:
    logits = LOGITS.clone().requires_grad_()
    equalization_loss(logits, LABELS, COUNTS, gamma=1.0, reduction="sum").backward()
    assert logits.grad is not None
    assert torch.equal(logits.grad[:2, 2:], torch.zeros(2, 2, dtype=torch.float64))
    assert bool((logits.grad[2:, :2] > 0).all())
    assert bool((logits.grad[torch.arange(4), LABELS] < 0).all())
    assert logits.grad[2, 3] == 0


@pytest.mark.parametrize("size", [800.0, -800.0])
def test_no_overflow(size: float) -> None:
    """exp(800) is infinite in float64."""
    logits = torch.tensor([[size, 0.0, 900.0, 900.0]], dtype=torch.float64, requires_grad=True)
    loss = equalization_loss(logits, torch.tensor([1]), COUNTS, gamma=1.0)
    loss.backward()
    assert loss.item() == pytest.approx(max(size, 0.0), abs=1e-15)
    assert logits.grad is not None
    assert logits.grad[0].tolist() == pytest.approx([1.0, -1.0, 0.0, 0.0] if size > 0 else [0.0] * 4)


def test_threshold_is_in_equal_shares() -> None:
    """In units of the equal share 25 the counts are 2, 1.6, .24 and .16."""
    for rare, expected in ((0.16, [0, 0, 0, 0]), (0.2, [0, 0, 0, 1]), (0.25, [0, 0, 1, 1]), (1.0, [0, 0, 1, 1])):
        assert EqualizationLoss(COUNTS, rare).rare_classes.tolist() == [bool(one) for one in expected]
    assert not EqualizationLoss([7, 7, 7], 1.0).rare_classes.any()


def test_what_does_not_count() -> None:
    labels, spoiled = LABELS.clone(), LOGITS.clone()
    labels[0], spoiled[0], spoiled[1] = -100, torch.nan, torch.nan
    rows = plainly(torch.ones(4))
    kept, s = torch.tensor([True, False, True, True]), torch.tensor([1.0, 1.0, 2.0, 1.0], dtype=torch.float64)
    found = EqualizationLoss(COUNTS, gamma=1.0)(spoiled, labels, mask=kept, sample_weight=s)
    close(found, (2 * rows[2] + rows[3]) / 3)
    close(EqualizationLoss(COUNTS, gamma=1.0)(LOGITS, LABELS, normalizer=8.0), rows.sum() / 8)


def test_smoothing_is_over_what_takes_part() -> None:
    """The first row has classes 0 and 1, and p of them alone: .9 + .05 for the label, .05 for the other."""
    p = torch.softmax(LOGITS[0, :2], 0)
    expected = -(0.95 * p[1].log() + 0.05 * p[0].log())
    found = equalization_loss(LOGITS, LABELS, COUNTS, gamma=1.0, label_smoothing=0.1, reduction="none")
    close(found[0], expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_an_offset_of_zeros_changes_nothing(dtype: torch.dtype) -> None:
    """With an offset of the user's, what takes part is a mask instead of an offset. Labels may be ignored."""
    labels = torch.tensor([1, -100, 2, 3, 0])
    found = []
    for logits in (None, xent.LogitTransform(offset=torch.zeros(4))):
        z = torch.cat((LOGITS, torch.tensor([[0.5, 0.0, math.nan, -math.inf]]))).to(dtype).requires_grad_()
        loss = EqualizationLoss(COUNTS, gamma=1.0, logits=logits, label_smoothing=0.2)(z, labels)
        loss.backward()
        found.append((loss.detach(), z.grad))
    assert bool(found[0][0].isfinite())
    torch.testing.assert_close(found[0], found[1])


def test_class_axis() -> None:
    images = LOGITS.T.contiguous()[None]
    close(equalization_loss(images, LABELS[None], COUNTS, gamma=1.0, reduction="none")[0], plainly(torch.ones(4)))
    sequences = LOGITS[None]
    close(
        EqualizationLoss(COUNTS, gamma=1.0, dim=-1, reduction="none")(sequences, LABELS[None])[0],
        plainly(torch.ones(4)),
    )
    close(equalization_loss(LOGITS[0], LABELS[0], COUNTS, gamma=1.0), plainly(torch.ones(4))[0])


def test_gradient() -> None:
    logits = LOGITS.clone().requires_grad_()
    for reduction in ("none", "mean"):
        assert torch.autograd.gradcheck(
            lambda z, how=reduction: equalization_loss(z, LABELS, COUNTS, gamma=1.0, reduction=how), logits
        )


def test_module() -> None:
    module = EqualizationLoss(COUNTS, gamma=0.5, generator=torch.Generator().manual_seed(3), weight=WEIGHT)
    other = EqualizationLoss(COUNTS[::-1], gamma=1.0, weight=WEIGHT.flip(0))
    other.load_state_dict(module.state_dict())
    assert other.rare_classes.tolist() == RARE.tolist()
    copies = copy.deepcopy(module), pickle.loads(pickle.dumps(module))
    expected = module(LOGITS, LABELS)
    assert all(torch.equal(one(LOGITS, LABELS), expected) for one in copies)
    assert repr(module) == "EqualizationLoss(rare=0.5, gamma=0.5)"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"rare": 0.0}, ValueError, r"`rare` must be finite, above 0 and at most 1, got 0.0\."),
        ({"rare": 1.5}, ValueError, r"`rare` must be finite, above 0 and at most 1, got 1.5\."),
        ({"gamma": 1.5}, ValueError, r"`gamma` must be finite, at least 0 and at most 1, got 1.5\."),
        ({"gamma": math.nan}, ValueError, r"`gamma` must be finite, at least 0 and at most 1, got nan\."),
        ({"generator": 5}, TypeError, r"`generator` must be a torch.Generator or None, not int\."),
        ({"logits": xent.LogitTransform(valid_classes=3)}, TypeError, "`valid_classes` of `logits` is what"),
    ],
)
def test_refused(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"EqualizationLoss: {message}"):
        EqualizationLoss(COUNTS, **arguments)
    with pytest.raises(error, match=f"equalization_loss: {message}"):
        equalization_loss(LOGITS, LABELS, COUNTS, **arguments)


def test_targets_and_counts_that_are_refused() -> None:
    with pytest.raises(ValueError, match=r"depends on its label, and `target` holds probabilities\. Pass class ind"):
        equalization_loss(LOGITS, LOGITS.softmax(1), COUNTS)
    with pytest.raises(ValueError, match=r"`counts` are of 2 classes, and `input` has 4 of them along axis 1\."):
        equalization_loss(LOGITS, LABELS, [5, 2])
    with pytest.raises(ValueError, match=r"`counts` must be finite and above 0, got 0 for class 1\."):
        equalization_loss(LOGITS, LABELS, [5, 0, 2, 2])
    with pytest.raises(IndexError, match="Target 4 is out of bounds"):
        equalization_loss(LOGITS, LABELS + 1, COUNTS)
