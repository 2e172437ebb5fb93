"""Poly-1 loss of independent classes: its formula, its domain, its limits."""

import copy
import math
import pickle

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from xent.nn import BCEWithLogitsLoss
from xent.presets import PolyBinaryLoss, poly_binary_loss

LOGITS = torch.tensor([[0.5, -2.0, 3.0], [-0.25, 1.5, -5.0]], dtype=torch.float64)
TARGET = torch.tensor([[1.0, 0.0, 0.0], [1.0, 0.25, 0.0]], dtype=torch.float64)


def plainly(z: Tensor, y: Tensor, poly: float) -> Tensor:
    """Binary cross entropy, plus poly times the probability of being wrong."""
    p = 1 / (1 + torch.exp(-z))
    entropy = -y * torch.log(p) - (1 - y) * torch.log(1 - p)
    return entropy + poly * (y * (1 - p) + (1 - y) * p)


@pytest.mark.parametrize("poly", [1.0, -1.0, 2.5, 0.0])
def test_it_is_its_formula(poly: float) -> None:
    loss = poly_binary_loss(LOGITS, TARGET, poly, reduction="none")
    torch.testing.assert_close(loss, plainly(LOGITS, TARGET, poly), rtol=1e-9, atol=1e-12)


def test_by_hand() -> None:
    # p = 3/4, poly 2: positive log(4/3) + 2/4, negative log 4 + 2*3/4
    z = torch.full((2,), math.log(3.0), dtype=torch.float64)
    loss = poly_binary_loss(z, torch.tensor([1.0, 0.0]).double(), 2.0, reduction="none")
    assert loss.tolist() == pytest.approx([math.log(4 / 3) + 0.5, math.log(4) + 1.5], rel=1e-12)


@pytest.mark.parametrize("poly", [-1.0, 1.0])
def test_limits(poly: float) -> None:
    # p of the event 1: nothing; 0: -log p + poly, and the gradient that of -log p
    z = torch.tensor([math.inf, -math.inf, 300.0, -300.0], requires_grad=True)
    loss = poly_binary_loss(z, torch.tensor([1.0, 0.0, 0.0, 1.0]), poly, reduction="none")
    (gradient,) = torch.autograd.grad(loss.sum(), z)
    assert loss.tolist() == [0.0, 0.0, 300.0 + poly, 300.0 + poly]
    assert gradient.tolist() == [0.0, 0.0, 1.0, -1.0]


@pytest.mark.parametrize("poly", [-1.0, 2.0])
def test_derivatives(poly: float) -> None:
    logits = LOGITS.clone().requires_grad_()
    assert gradcheck(lambda z: poly_binary_loss(z, TARGET, poly), logits)


def test_module_is_the_function() -> None:
    settings = {"pos_weight": torch.tensor([1.0, 2.0, 4.0]), "reduction": "sum"}
    criterion = PolyBinaryLoss(2.0, **settings)
    expected = poly_binary_loss(LOGITS, TARGET, 2.0, **settings)
    other = PolyBinaryLoss(2.0, pos_weight=torch.ones(3), reduction="sum")
    other.load_state_dict(criterion.state_dict())
    for same in (criterion, other, copy.deepcopy(criterion), pickle.loads(pickle.dumps(criterion))):
        assert torch.equal(same(LOGITS, TARGET), expected)
    assert repr(criterion) == "PolyBinaryLoss(positive=Event(poly=2.0), negative=Event(poly=2.0))"


def test_poly_0_is_binary_cross_entropy() -> None:
    assert torch.equal(PolyBinaryLoss(0.0)(LOGITS, TARGET), BCEWithLogitsLoss()(LOGITS, TARGET))


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"poly": -1.5}, ValueError, "`poly` must be finite, at least -1, got -1.5"),
        ({"poly": None}, TypeError, "`poly` must be a number, not NoneType"),
        ({"positive": None}, TypeError, "`positive` is what"),
    ],
)
def test_refusals(settings: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"PolyBinaryLoss: {message}"):
        PolyBinaryLoss(**settings)
    with pytest.raises(error, match=f"poly_binary_loss: {message}"):
        poly_binary_loss(LOGITS, TARGET, **settings)
