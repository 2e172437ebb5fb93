"""Balanced softmax and logit adjustment: the formulas, the constant between them, and where they are least."""

import math
import re

import pytest
import torch
from torch.autograd import gradcheck

from xent import LogitTransform, cross_entropy
from xent.presets import BalancedSoftmaxLoss, LogitAdjustedLoss, balanced_softmax_loss, logit_adjusted_loss

COUNTS = [60, 30, 9, 1]
N = torch.tensor(COUNTS, dtype=torch.float64)
LOGITS = torch.tensor(
    [[2.0, -1.0, 0.3, 0.1], [0.2, 1.5, -2.0, 0.4], [1.0, 0.9, 1.2, -0.7], [0.0, 3.0, 0.5, 1.0]], dtype=torch.float64
)
LABELS = torch.tensor([0, 1, 2, 3])
ROWS = torch.arange(4)


def test_balanced_softmax_is_its_formula() -> None:
    numerator = N[LABELS] * LOGITS[ROWS, LABELS].exp()
    expected = -(numerator / (N * LOGITS.exp()).sum(1)).log()
    given = balanced_softmax_loss(LOGITS, LABELS, COUNTS, reduction="none")
    torch.testing.assert_close(given, expected, rtol=1e-9, atol=0)
    module = BalancedSoftmaxLoss(COUNTS, reduction="none")
    torch.testing.assert_close(module(LOGITS.float(), LABELS), expected.float())


@pytest.mark.parametrize("tau", [0.0, 0.5, 1.0, 2.5])
def test_logit_adjustment_is_its_formula(tau: float) -> None:
    powers = (N / 100) ** tau
    expected = -(powers[LABELS] * LOGITS[ROWS, LABELS].exp() / (powers * LOGITS.exp()).sum(1)).log()
    given = logit_adjusted_loss(LOGITS, LABELS, COUNTS, tau, reduction="none")
    torch.testing.assert_close(given, expected, rtol=1e-9, atol=0)
    module = LogitAdjustedLoss(COUNTS, tau, reduction="none")
    torch.testing.assert_close(module(LOGITS.float(), LABELS), expected.float())


@pytest.mark.parametrize(
    ("counts", "label", "tau", "expected"),
    [
        # Equal logits: the probabilities are pi^tau, normalised.
        ([3, 1], 0, 1.0, math.log(4 / 3)),
        ([3, 1], 1, 1.0, math.log(4)),
        ([3, 1], 0, 2.0, math.log(10 / 9)),
        ([3, 1], 1, 0.0, math.log(2)),
    ],
)
def test_by_hand(counts: list[int], label: int, tau: float, expected: float) -> None:
    z, y = torch.zeros(1, 2, dtype=torch.float64), torch.tensor([label])
    assert logit_adjusted_loss(z, y, counts, tau).item() == pytest.approx(expected, rel=1e-12)
    if tau == 1:
        assert balanced_softmax_loss(z, y, counts).item() == pytest.approx(expected, rel=1e-12)


def test_log_counts_and_log_prior_differ_by_what_the_softmax_does_not_see() -> None:
    by_counts = cross_entropy(LOGITS, LABELS, logits=LogitTransform(offset=N.log()))
    torch.testing.assert_close(balanced_softmax_loss(LOGITS, LABELS, COUNTS), by_counts, rtol=1e-12, atol=0)
    frequencies = N / 100
    torch.testing.assert_close(balanced_softmax_loss(LOGITS, LABELS, frequencies), by_counts, rtol=1e-12, atol=0)


def test_without_features_it_is_least_at_equal_logits() -> None:
    labels = torch.repeat_interleave(torch.arange(4), torch.tensor(COUNTS))
    z = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    balanced_softmax_loss(z.expand(100, 4), labels, COUNTS).backward()
    torch.testing.assert_close(z.grad, torch.zeros(4, dtype=torch.float64), rtol=0, atol=1e-15)


def test_other_parts_of_the_logit_transform_stay_open() -> None:
    given = balanced_softmax_loss(LOGITS, LABELS, COUNTS, logits=LogitTransform(softcap=2.0))
    expected = cross_entropy(LOGITS, LABELS, logits=LogitTransform(softcap=2.0, offset=(N / 100).log()))
    torch.testing.assert_close(given, expected, rtol=1e-12, atol=0)


def test_gradients() -> None:
    z = LOGITS.clone().requires_grad_()
    target = torch.softmax(LOGITS.flip(0), 1)
    assert gradcheck(lambda z: balanced_softmax_loss(z, LABELS, COUNTS, label_smoothing=0.1), z)
    assert gradcheck(lambda z: logit_adjusted_loss(z, target, COUNTS, 0.5, reduction="none"), z)


def test_state_and_repr() -> None:
    module, other = LogitAdjustedLoss(COUNTS, 2.0), LogitAdjustedLoss([1, 1, 1, 1], 2.0)
    other.load_state_dict(module.state_dict())
    torch.testing.assert_close(other(LOGITS.float(), LABELS), module(LOGITS.float(), LABELS), rtol=0, atol=0)
    assert set(module.state_dict()) == {"logits.offset"}
    assert repr(module).startswith("LogitAdjustedLoss(\n  tau=2\n")


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: BalancedSoftmaxLoss([5, 0]), ValueError, "got 0 for class 1. A class without training rows"),
        (lambda: LogitAdjustedLoss(COUNTS, -1.0), ValueError, "LogitAdjustedLoss: `tau` must be finite, at least 0"),
        (lambda: LogitAdjustedLoss(COUNTS, torch.tensor(1.0)), TypeError, "`tau` must be a number, not Tensor"),
        (
            lambda: BalancedSoftmaxLoss(COUNTS, logits=LogitTransform(offset=torch.zeros(4))),
            TypeError,
            "BalancedSoftmaxLoss: `offset` of `logits` is what BalancedSoftmaxLoss sets itself",
        ),
        (
            lambda: balanced_softmax_loss(LOGITS, LABELS, [1, 1, 1]),
            ValueError,
            "LogitTransform.offset must have shape (4,)",
        ),
    ],
)
def test_refused(make: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        make()
