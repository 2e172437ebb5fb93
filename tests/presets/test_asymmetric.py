"""Asymmetric loss: its formula, its kink, and that it neither touches grad mode nor sums unasked."""

import copy
import math
import pickle

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from xent.nn import BCEWithLogitsLoss
from xent.presets import AsymmetricLoss, asymmetric_loss

LOGITS = torch.tensor([[0.5, -2.0, 3.0], [-0.25, 1.5, -5.0], [4.0, -4.0, 1.0]], dtype=torch.float64)
TARGET = torch.tensor([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 0.0, 0.25]], dtype=torch.float64)


def plainly(z: Tensor, y: Tensor, gamma_pos: float, gamma_neg: float, clip: float) -> Tensor:
    """The formula, with probabilities."""
    p = 1 / (1 + torch.exp(-z))
    shifted = (p - clip).clamp(min=0)
    return -y * (1 - p) ** gamma_pos * torch.log(p) - (1 - y) * shifted**gamma_neg * torch.log(1 - shifted)


@pytest.mark.parametrize("parameters", [(1.0, 4.0, 0.05), (0.0, 4.0, 0.05), (0.5, 0.25, 0.3), (2.0, 2.0, 0.0)])
def test_it_is_its_formula(parameters: tuple[float, float, float]) -> None:
    loss = asymmetric_loss(LOGITS, TARGET, *parameters, reduction="none")
    torch.testing.assert_close(loss, plainly(LOGITS, TARGET, *parameters), rtol=1e-9, atol=1e-12)


def test_by_hand() -> None:
    # p = 3/4: positive (1/4)^1 log(4/3); negative, lowered to 3/4 - 1/4 = 1/2: (1/2)^2 log 2
    z = torch.tensor([math.log(3.0), math.log(3.0)], dtype=torch.float64)
    loss = asymmetric_loss(z, torch.tensor([1.0, 0.0]).double(), 1.0, 2.0, 0.25, reduction="none")
    assert loss.tolist() == pytest.approx([math.log(4 / 3) / 4, math.log(2) / 4], rel=1e-12)


@pytest.mark.parametrize("enabled", [True, False])
def test_grad_mode_stays_as_it_is(enabled: bool) -> None:
    with torch.set_grad_enabled(enabled):
        loss = AsymmetricLoss()(LOGITS.clone().requires_grad_(), TARGET)
        assert torch.is_grad_enabled() is enabled
        assert loss.requires_grad is enabled


def test_the_focusing_factors_are_differentiated_too() -> None:
    # A positive at z = 0, gamma 1: d/dz -(1-p) log p = -p(1-p) * (1-p)/p + p(1-p) log p = -1/4 - log(2)/4,
    # where a factor taken for a constant leaves -(1-p)^2 = -1/4.
    z = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(asymmetric_loss(z, torch.ones(1, dtype=torch.float64)), z)
    assert gradient.item() == pytest.approx(-(1 + math.log(2)) / 4, rel=1e-12)


def test_it_sums_if_asked_only() -> None:
    elements = plainly(LOGITS, TARGET, 1.0, 4.0, 0.05)
    torch.testing.assert_close(AsymmetricLoss()(LOGITS, TARGET), elements.mean())
    torch.testing.assert_close(AsymmetricLoss(reduction="sum")(LOGITS, TARGET), elements.sum())
    torch.testing.assert_close(AsymmetricLoss(reduction="none")(LOGITS, TARGET), elements)


def test_negatives_with_a_score_below_clip_cost_nothing() -> None:
    # sigmoid(-4) = .018 and sigmoid(-20) lie below .05; -inf does too, and sigmoid(-2) = .119 above
    z = torch.tensor([-4.0, -20.0, -math.inf, -2.0], requires_grad=True)
    loss = asymmetric_loss(z, torch.zeros(4), reduction="none")
    (gradient,) = torch.autograd.grad(loss.sum(), z)
    assert loss[:3].tolist() == gradient[:3].tolist() == [0.0, 0.0, 0.0]
    assert loss[3] > 0
    assert gradient[3] > 0


@pytest.mark.parametrize("gamma", [0.25, 0.75])
@pytest.mark.parametrize("clip", [0.0, 0.05])
def test_gamma_below_1_gives_no_nan(gamma: float, clip: float) -> None:
    z = torch.tensor([200.0, -200.0, math.inf, -math.inf], requires_grad=True)
    loss = asymmetric_loss(z, torch.tensor([1.0, 0.0, 1.0, 0.0]), gamma, gamma, clip)
    (gradient,) = torch.autograd.grad(loss, z)
    assert loss == 0
    assert torch.equal(gradient, torch.zeros(4))


def test_hopeless_elements_keep_loss_and_gradient() -> None:
    # A positive with p = 0: -z and -1. A negative with p = 1: p_m = .95, .95^4 * -log(.05), with the gradient's factor
    # p(1-p) = 0.
    z = torch.tensor([-300.0, 300.0], requires_grad=True)
    loss = asymmetric_loss(z, torch.tensor([1.0, 0.0]), reduction="none")
    (gradient,) = torch.autograd.grad(loss.sum(), z)
    assert loss.tolist() == pytest.approx([300.0, 0.95**4 * -math.log(0.05)], rel=1e-6)
    assert gradient.tolist() == [-1.0, 0.0]


@pytest.mark.parametrize("parameters", [(1.0, 4.0, 0.05), (0.5, 0.5, 0.05), (0.0, 4.0, 0.0)])
def test_derivatives(parameters: tuple[float, float, float]) -> None:
    logits = LOGITS.clone().requires_grad_()
    assert gradcheck(lambda z: asymmetric_loss(z, TARGET, *parameters), logits)


def test_without_parameters_it_is_binary_cross_entropy() -> None:
    assert torch.equal(AsymmetricLoss(0.0, 0.0, 0.0)(LOGITS, TARGET), BCEWithLogitsLoss()(LOGITS, TARGET))


def test_module_is_the_function() -> None:
    settings = {"pos_weight": torch.tensor([1.0, 2.0, 4.0]), "label_smoothing": 0.1, "reduction": "sum"}
    criterion = AsymmetricLoss(0.5, 3.0, 0.1, **settings)
    expected = asymmetric_loss(LOGITS, TARGET, 0.5, 3.0, 0.1, **settings)
    assert torch.equal(criterion(LOGITS, TARGET), expected)
    other = AsymmetricLoss(0.5, 3.0, 0.1, pos_weight=torch.ones(3), label_smoothing=0.1, reduction="sum")
    other.load_state_dict(criterion.state_dict())
    for same in (other, copy.deepcopy(criterion), pickle.loads(pickle.dumps(criterion))):
        assert torch.equal(same(LOGITS, TARGET), expected)


def test_repr_shows_its_parameters() -> None:
    expected = "AsymmetricLoss(positive=Event(gamma=1.0), negative=Event(gamma=4.0, shift=0.05))"
    assert repr(AsymmetricLoss()) == expected


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"gamma_pos": -1.0}, ValueError, "`gamma_pos` must be finite, at least 0, got -1.0"),
        ({"gamma_neg": math.inf}, ValueError, "`gamma_neg` must be finite, at least 0, got inf"),
        ({"clip": 1.0}, ValueError, "`clip` must be below 1, got 1.0: no negative would cost anything"),
        ({"clip": -0.1}, ValueError, "`clip` must be finite, at least 0, got -0.1"),
        ({"clip": None}, TypeError, "`clip` must be a number, not NoneType"),
        ({"negative": None}, TypeError, "`negative` is what"),
    ],
)
def test_refusals(settings: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"AsymmetricLoss: {message}"):
        AsymmetricLoss(**settings)
    with pytest.raises(error, match=f"asymmetric_loss: {message}"):
        asymmetric_loss(LOGITS, TARGET, **settings)
