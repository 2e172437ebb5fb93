"""Binary cross entropy with positives weighted by their rarity: its formula, and where the counts come from."""

import copy
import math
import pickle

import pytest
import torch
from torch.autograd import gradcheck

from xent.imbalance import class_counts, undo_pos_weight
from xent.presets import PosWeightedLoss, pos_weighted_loss

COUNTS = torch.tensor([60.0, 30.0, 9.0, 2.0], dtype=torch.float64)
TOTAL = 80
WEIGHTS = torch.tensor([20 / 60, 50 / 30, 71 / 9, 78 / 2], dtype=torch.float64)
LOGITS = torch.tensor([[0.5, -2.0, 3.0, 0.0], [-0.25, 1.5, -5.0, 1.0], [2.0, 1.0, -1.0, 0.5]], dtype=torch.float64)
TARGET = torch.tensor([[1, 0, 1, 0], [1, 1, 0, 0.25], [0, 0, 0, 1]], dtype=torch.float64)


@pytest.mark.parametrize("cap", [None, 5.0])
def test_it_is_its_formula(cap: float | None) -> None:
    p = 1 / (1 + torch.exp(-LOGITS))
    weights = WEIGHTS.clamp(max=math.inf if cap is None else cap)
    expected = -weights * TARGET * torch.log(p) - (1 - TARGET) * torch.log(1 - p)
    loss = pos_weighted_loss(LOGITS, TARGET, COUNTS, TOTAL, cap, reduction="none")
    torch.testing.assert_close(loss, expected, rtol=1e-9, atol=1e-12)
    module = PosWeightedLoss(COUNTS, TOTAL, cap, reduction="none")
    torch.testing.assert_close(module(LOGITS, TARGET), expected, rtol=1e-9, atol=1e-12)


def test_counts_as_integers_lose_nothing_in_the_function() -> None:
    expected = pos_weighted_loss(LOGITS, TARGET, COUNTS, TOTAL)
    assert torch.equal(pos_weighted_loss(LOGITS, TARGET, COUNTS.long().tolist(), TOTAL), expected)


def test_rare_classes_count_more_and_not_less() -> None:
    """Upside down, positives over negatives, costs on real data what the weights should gain."""
    assert (PosWeightedLoss(COUNTS, TOTAL).pos_weight.diff() > 0).all()


def test_at_the_prior_both_sides_pull_alike() -> None:
    """With one logit for all 80 rows, the least loss is at p = 1/2; undone, at the class's frequency."""
    target = (torch.arange(TOTAL)[:, None] < COUNTS).double()
    z = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    loss = pos_weighted_loss(z.expand(TOTAL, 4), target, COUNTS, TOTAL)
    (gradient,) = torch.autograd.grad(loss, z)
    torch.testing.assert_close(gradient, torch.zeros_like(z), rtol=0, atol=1e-12)
    torch.testing.assert_close(undo_pos_weight(z.detach(), WEIGHTS).sigmoid(), COUNTS / TOTAL)


def test_counts_that_know_their_total() -> None:
    rows = torch.tensor([[1, 0, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]])
    known = class_counts(rows, multi_label=True)
    given = pos_weighted_loss(LOGITS, TARGET, rows.sum(0), 4)
    torch.testing.assert_close(pos_weighted_loss(LOGITS, TARGET, known), given, rtol=1e-12, atol=0)
    torch.testing.assert_close(PosWeightedLoss(known)(LOGITS, TARGET), given, rtol=1e-6, atol=0)


def test_derivatives() -> None:
    assert gradcheck(lambda z: pos_weighted_loss(z, TARGET, COUNTS, TOTAL), LOGITS.clone().requires_grad_())


def test_a_module_carries_what_its_counts_made() -> None:
    criterion, other = PosWeightedLoss(COUNTS, TOTAL), PosWeightedLoss(COUNTS.flip(0), TOTAL)
    expected = criterion(LOGITS, TARGET)
    other.load_state_dict(criterion.state_dict())
    for same in (other, copy.deepcopy(criterion), pickle.loads(pickle.dumps(criterion))):
        assert torch.equal(same(LOGITS, TARGET), expected)
    assert repr(criterion) == "PosWeightedLoss()"


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"total": None}, TypeError, "`total` is missing"),
        ({"total": 60}, ValueError, "class 0 has no negatives among its 60 rows"),
        ({"counts": [60, 30, 9, 0]}, ValueError, "`counts` must be finite and above 0, got 0 for class 3"),
        ({"cap": 0.0}, ValueError, "`cap` must be finite, above 0, got 0.0"),
        ({"pos_weight": torch.ones(4)}, TypeError, "`pos_weight` is what"),
    ],
)
def test_refusals(settings: dict, error: type[Exception], message: str) -> None:
    settings = {"counts": COUNTS, "total": TOTAL, **settings}
    with pytest.raises(error, match=message):
        PosWeightedLoss(**settings)
    with pytest.raises(error, match=message):
        pos_weighted_loss(LOGITS, TARGET, **settings)
