"""Poly-1 loss: the formula of the paper, its neighbours, its hand values and what it refuses."""

import math

import pytest
import torch

import xent
from xent.presets import Poly1Loss, poly1_loss

LOGITS = torch.tensor([[2.0, -1.0, 0.3], [-3.0, 0.0, 1.0]], dtype=torch.float64)
LABELS = torch.tensor([1, 0])


@pytest.mark.parametrize("poly", [-1.0, -0.4, 0.0, 1.0, 2.0])
def test_formula_of_the_paper(poly: float) -> None:
    p = torch.softmax(LOGITS, 1).gather(1, LABELS[:, None]).squeeze(1)
    torch.testing.assert_close(
        poly1_loss(LOGITS, LABELS, poly, reduction="none"), -p.log() + poly * (1 - p), rtol=1e-9, atol=0
    )


def test_first_term_of_the_expansion_is_gone_at_minus_one() -> None:
    """p = 3/4: log 4/3 = 1/4 + 1/32 + 1/192 + ...; without 1/4 a little more than 1/32 + 1/192 is left."""
    loss = poly1_loss(torch.tensor([[math.log(3), 0.0]], dtype=torch.float64), torch.tensor([0]), -1.0)
    assert float(loss) == pytest.approx(math.log(4 / 3) - 1 / 4, rel=1e-12)
    assert 1 / 32 + 1 / 192 < float(loss) < 1 / 32 + 1 / 96


def test_smoothing_is_that_of_the_paper() -> None:
    """Its code takes 1 - sum_k t'_k p_k, which is the sum of the events as t' sums to 1."""
    p = torch.softmax(LOGITS, 1)
    target = 0.9 * torch.nn.functional.one_hot(LABELS, 3).double() + 0.1 / 3
    expected = -(target * p.log()).sum(1) + 2.0 * (1 - (target * p).sum(1))
    loss = poly1_loss(LOGITS, LABELS, 2.0, label_smoothing=0.1, reduction="none")
    torch.testing.assert_close(loss, expected, rtol=1e-9, atol=0)


def test_a_certain_row_keeps_its_digits() -> None:
    """At p = 1 - exp(-60), loss and gradient are those of (1 + poly)(1 - p); float64 has no such p."""
    logits = torch.tensor([[60.0, 0.0]], dtype=torch.float64, requires_grad=True)
    loss = poly1_loss(logits, torch.tensor([0]), 1.0)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert loss.item() == pytest.approx(2 * math.exp(-60), rel=1e-12)
    assert gradient[0].tolist() == pytest.approx([-2 * math.exp(-60), 2 * math.exp(-60)], rel=1e-12)


def test_gradient() -> None:
    logits = LOGITS.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda z: poly1_loss(z, LABELS, 2.0, reduction="none"), logits)


def test_module_is_the_function() -> None:
    assert torch.equal(
        Poly1Loss(2.0, label_smoothing=0.1)(LOGITS, LABELS), poly1_loss(LOGITS, LABELS, 2.0, label_smoothing=0.1)
    )
    assert repr(Poly1Loss(2.0)) == "Poly1Loss(event=Event(poly=2.0))"


@pytest.mark.parametrize("make", [Poly1Loss, lambda poly: poly1_loss(LOGITS, LABELS, poly)])
def test_refused(make: object) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=r"`poly` must be finite, at least -1, got -2.0\."):
        make(-2.0)


def test_the_event_is_its_own() -> None:
    with pytest.raises(TypeError, match=r"poly1_loss: `event` is what poly1_loss sets itself"):
        poly1_loss(LOGITS, LABELS, event=xent.Event(gamma=2))
