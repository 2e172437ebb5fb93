"""Sigmoid focal loss: its formula, what torchvision's has in common with it, and no nan where others have one."""

import copy
import math
import pickle

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from xent.nn import BCEWithLogitsLoss
from xent.presets import SigmoidFocalLoss, sigmoid_focal_loss

LOGITS = torch.tensor([[0.5, -2.0, 3.0], [-0.25, 1.5, 0.0], [4.0, -4.0, 1.0]], dtype=torch.float64)
HARD = torch.tensor([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 1.0, 0.0]], dtype=torch.float64)
SOFT = torch.tensor([[0.9, 0.1, 0.0], [0.5, 1.0, 0.25], [0.75, 0.3, 0.6]], dtype=torch.float64)


def by_events(z: Tensor, y: Tensor, alpha: float, gamma: float) -> Tensor:
    """The formula, with probabilities."""
    p = 1 / (1 + torch.exp(-z))
    return -alpha * y * (1 - p) ** gamma * torch.log(p) - (1 - alpha) * (1 - y) * p**gamma * torch.log(1 - p)


def mixed(z: Tensor, y: Tensor, alpha: float, gamma: float) -> Tensor:
    """What torchvision and fvcore compute: p_t and alpha_t mixed by the target first."""
    p = torch.sigmoid(z)
    entropy = -y * torch.log(p) - (1 - y) * torch.log(1 - p)
    p_t = p * y + (1 - p) * (1 - y)
    return (alpha * y + (1 - alpha) * (1 - y)) * (1 - p_t) ** gamma * entropy


@pytest.mark.parametrize("target", [HARD, SOFT], ids=["hard", "soft"])
@pytest.mark.parametrize(("alpha", "gamma"), [(0.25, 2.0), (0.9, 0.5), (0.5, 0.0), (1.0, 1.0)])
def test_it_is_its_formula(target: Tensor, alpha: float, gamma: float) -> None:
    loss = sigmoid_focal_loss(LOGITS, target, alpha, gamma, reduction="none")
    torch.testing.assert_close(loss, by_events(LOGITS, target, alpha, gamma), rtol=1e-9, atol=1e-12)


def test_hard_targets_give_torchvisions_numbers() -> None:
    loss = sigmoid_focal_loss(LOGITS, HARD, reduction="none")
    torch.testing.assert_close(loss, mixed(LOGITS, HARD, 0.25, 2.0), rtol=1e-9, atol=1e-12)


def test_soft_targets_do_not() -> None:
    # z = 0, y = 1/2: ours (1/4 + 3/4)/2 * (1/2)^2 * log 2; mixed, alpha_t = p_t = 1/2: 1/2 * (1/2)^2 * log 2. The same
    # here; at z = log 3, p = 3/4: ours 1/4*1/2*(1/4)^2*log(4/3) + 3/4*1/2*(3/4)^2*log 4, mixed with p_t = 1/2 again
    # 1/2 * (1/2)^2 * (log(4/3) + log 4)/2.
    z, y = torch.tensor([math.log(3.0)], dtype=torch.float64), torch.tensor([0.5], dtype=torch.float64)
    ours = math.log(4 / 3) / 128 + 27 / 128 * math.log(4)
    assert sigmoid_focal_loss(z, y).item() == pytest.approx(ours, rel=1e-12)
    others = math.log(16 / 3) / 16
    assert mixed(z, y, 0.25, 2.0).item() == pytest.approx(others, rel=1e-12)
    assert abs(ours - others) > 0.1


def test_the_mean_is_over_the_elements_that_count() -> None:
    target = HARD.clone()
    target[:, 1] = -1.0
    loss = sigmoid_focal_loss(LOGITS, target, ignore_index=-1)
    expected = by_events(LOGITS, HARD, 0.25, 2.0)[:, [0, 2]].mean()  # of 6 elements, not of 9
    torch.testing.assert_close(loss, expected, rtol=1e-9, atol=0)


def test_alpha_none_leaves_both_sides_as_they_are() -> None:
    unweighted = 2 * by_events(LOGITS, HARD, 0.5, 2.0)
    torch.testing.assert_close(sigmoid_focal_loss(LOGITS, HARD, None, reduction="none"), unweighted)
    weight = torch.tensor(3.0, dtype=torch.float64)
    weighted = sigmoid_focal_loss(LOGITS, HARD, None, pos_weight=weight, reduction="none")
    torch.testing.assert_close(weighted, unweighted * torch.where(HARD == 1, 3.0, 1.0))


def test_alpha_acts_on_the_positives_of_every_class() -> None:
    """The first class is no background: reversing the classes reverses the losses."""
    loss = sigmoid_focal_loss(LOGITS, HARD, 0.1, reduction="none")
    torch.testing.assert_close(sigmoid_focal_loss(LOGITS.flip(1), HARD.flip(1), 0.1, reduction="none"), loss.flip(1))


@pytest.mark.parametrize("gamma", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16], ids=str)
def test_certain_elements_have_gradient_0_for_gamma_below_1(gamma: float, dtype: torch.dtype) -> None:
    """Where a power of 1 - p = 0 in the backward pass of others gives nan."""
    z = torch.tensor([800.0, -800.0, math.inf, -math.inf], dtype=dtype).requires_grad_()
    y = torch.tensor([1.0, 0.0, 1.0, 0.0], dtype=dtype)
    loss = sigmoid_focal_loss(z, y, gamma=gamma)
    (gradient,) = torch.autograd.grad(loss, z)
    assert loss == 0
    assert torch.equal(gradient, torch.zeros_like(z))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_hopeless_elements_keep_their_gradient(gamma: float) -> None:
    # p = 0 for a positive: loss -z, gradient -1; with alpha .25 a quarter, of a negative three quarters.
    z = torch.tensor([-800.0, 800.0], dtype=torch.float64, requires_grad=True)
    loss = sigmoid_focal_loss(z, torch.tensor([1.0, 0.0], dtype=torch.float64), gamma=gamma, reduction="sum")
    (gradient,) = torch.autograd.grad(loss, z)
    assert loss.item() == 800.0
    assert gradient.tolist() == [-0.25, 0.75]


@pytest.mark.parametrize("target", [HARD, SOFT], ids=["hard", "soft"])
@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_derivatives(target: Tensor, gamma: float) -> None:
    logits = LOGITS.clone().requires_grad_()
    assert gradcheck(lambda z: sigmoid_focal_loss(z, target, gamma=gamma), logits)


def test_module_is_the_function() -> None:
    criterion = SigmoidFocalLoss(0.75, 1.0, reduction="sum", label_smoothing=0.1)
    expected = sigmoid_focal_loss(LOGITS, HARD, 0.75, 1.0, reduction="sum", label_smoothing=0.1)
    torch.testing.assert_close(criterion(LOGITS, HARD), expected)
    for other in (copy.deepcopy(criterion), pickle.loads(pickle.dumps(criterion))):
        assert torch.equal(other(LOGITS, HARD), criterion(LOGITS, HARD))
    assert isinstance(criterion, torch.nn.BCEWithLogitsLoss)


def test_state_dict_round_trip() -> None:
    criterion, other = SigmoidFocalLoss(0.75), SigmoidFocalLoss(0.25)
    other.load_state_dict(criterion.state_dict())
    assert torch.equal(other(LOGITS, HARD), criterion(LOGITS, HARD))


def test_repr_shows_its_parameters() -> None:
    event = "Event(gamma=2.0)"
    assert repr(SigmoidFocalLoss()) == f"SigmoidFocalLoss(alpha=0.25, positive={event}, negative={event})"
    assert repr(SigmoidFocalLoss(None, 0.0)) == "SigmoidFocalLoss(alpha=None)"


def test_without_alpha_and_gamma_it_is_binary_cross_entropy() -> None:
    assert torch.equal(SigmoidFocalLoss(None, 0.0)(LOGITS, SOFT), BCEWithLogitsLoss()(LOGITS, SOFT))


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"alpha": 1.5}, ValueError, "`alpha` must be finite, at least 0 and at most 1, got 1.5"),
        ({"alpha": math.nan}, ValueError, "`alpha` must be finite, at least 0 and at most 1, got nan"),
        ({"alpha": "0.25"}, TypeError, "`alpha` must be a number, not str"),
        ({"gamma": -1.0}, ValueError, "`gamma` must be finite, at least 0, got -1.0"),
        ({"pos_weight": torch.tensor(2.0)}, TypeError, "`pos_weight` is what"),
        ({"positive": None}, TypeError, "`positive` is what"),
    ],
)
def test_refusals(settings: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"SigmoidFocalLoss: {message}"):
        SigmoidFocalLoss(**settings)
    with pytest.raises(error, match=f"sigmoid_focal_loss: {message}"):
        sigmoid_focal_loss(LOGITS, HARD, **settings)
