"""Distribution-balanced loss: its formula with weights from the labels of each row, and what of them is left out."""

import copy
import math
import pickle

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from xent import LogitTransform
from xent.imbalance import class_counts
from xent.presets import DistributionBalancedLoss, distribution_balanced_loss

COUNTS = torch.tensor([60.0, 30.0, 9.0, 2.0], dtype=torch.float64)
TOTAL = 80
LOGITS = torch.tensor(
    [[0.5, -2.0, 3.0, 0.0], [-0.25, 1.5, -5.0, 1.0], [2.0, 1.0, -1.0, 0.5], [-3.0, 0.0, 1.0, 2.0]], dtype=torch.float64
)
TARGET = torch.tensor([[1, 0, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1]], dtype=torch.float64)


def plainly(
    z: Tensor,
    y: Tensor,
    alpha: float = 0.1,
    beta: float = 10.0,
    mu: float = 0.2,
    kappa: float = 0.05,
    neg_scale: float = 2.0,
    gamma: float = 2.0,
) -> Tensor:
    """The formula, with probabilities."""
    shares = (1 / COUNTS) / (y / COUNTS).sum(1, keepdim=True)
    weight = alpha + 1 / (1 + torch.exp(-beta * (shares - mu)))
    z = z - kappa * torch.log(1 / (COUNTS / TOTAL) - 1)
    positive, scaled = 1 / (1 + torch.exp(-z)), 1 / (1 + torch.exp(-neg_scale * z))
    loss = -y * (1 - positive) ** gamma * torch.log(positive)
    return weight * (loss - (1 - y) * scaled**gamma * torch.log(1 - scaled) / neg_scale)


PARAMETERS = [
    {},
    {"mu": 0.3, "neg_scale": 5.0},  # VOC-MLT
    {"gamma": 0.0},
    {"alpha": 0.0, "beta": 3.0, "mu": -0.5, "kappa": 0.0, "neg_scale": 0.5, "gamma": 0.5},
]


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_it_is_its_formula(parameters: dict[str, float]) -> None:
    loss = distribution_balanced_loss(LOGITS, TARGET, COUNTS, TOTAL, **parameters, reduction="none")
    torch.testing.assert_close(loss, plainly(LOGITS, TARGET, **parameters), rtol=1e-9, atol=1e-12)
    module = DistributionBalancedLoss(COUNTS, TOTAL, **parameters)
    torch.testing.assert_close(module(LOGITS, TARGET), plainly(LOGITS, TARGET, **parameters).mean(), rtol=1e-9, atol=0)


def test_by_hand() -> None:
    # n = (2, 1) of N = 4, both labels there: shares 1/2 / (1/2 + 1) = 1/3 and 2/3. With mu = 1/3 and beta = 3 log 3 the
    # weights are sigmoid(0) = 1/2 and sigmoid(log 3) = 3/4. The offsets with kappa 1 are -log(4/2 - 1) = 0 and
    # -log(4/1 - 1) = -log 3: z' = (0, log 3), p = (1/2, 3/4), each squared miss times -log p.
    z = torch.tensor([[0.0, 2 * math.log(3)]], dtype=torch.float64)
    parameters = {"alpha": 0.0, "beta": 3 * math.log(3), "mu": 1 / 3, "kappa": 1.0}
    loss = distribution_balanced_loss(z, torch.ones(1, 2).double(), [2, 1], 4, **parameters, reduction="none")
    expected = [1 / 2 * 1 / 4 * math.log(2), 3 / 4 * 1 / 16 * math.log(4 / 3)]
    assert loss[0].tolist() == pytest.approx(expected, rel=1e-12)


def test_negatives_by_hand() -> None:
    # The first label only: shares 1 and 2; beta = log 3 and mu = 1 make 1/2 and 3/4. z' = (0, log(3)/2), and doubled
    # the negative's sigmoid is 3/4: (3/4)^2 * -log(1/4) / 2.
    z = torch.tensor([[0.0, 1.5 * math.log(3)]], dtype=torch.float64)
    parameters = {"alpha": 0.0, "beta": math.log(3), "mu": 1.0, "kappa": 1.0}
    target = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    loss = distribution_balanced_loss(z, target, [2, 1], 4, **parameters, reduction="none")
    expected = [1 / 2 * 1 / 4 * math.log(2), 3 / 4 * 9 / 16 * math.log(4) / 2]
    assert loss[0].tolist() == pytest.approx(expected, rel=1e-12)


def test_a_row_without_labels_has_the_limit_of_the_weights() -> None:
    # share -> inf: alpha + 1. Class 0, kappa = gamma = 0, neg_scale 1: 1.25 log 2.
    z = torch.zeros(1, 4, dtype=torch.float64)
    parameters = {"alpha": 0.25, "kappa": 0.0, "neg_scale": 1.0, "gamma": 0.0}
    loss = distribution_balanced_loss(z, torch.zeros_like(z), COUNTS, TOTAL, **parameters, reduction="none")
    assert loss[0].tolist() == pytest.approx([1.25 * math.log(2)] * 4, rel=1e-12)


def test_labels_that_are_left_out_take_no_part_in_the_weights() -> None:
    mask = torch.tensor([[True, True, False, True], [True, False, True, True], [True] * 4, [False, False, True, False]])
    expected = plainly(LOGITS, TARGET * mask)[mask]
    spoiled = TARGET.masked_fill(~mask, math.nan)
    loss = distribution_balanced_loss(LOGITS, spoiled, COUNTS, TOTAL, mask=mask)
    torch.testing.assert_close(loss, expected.mean(), rtol=1e-9, atol=0)
    marked = TARGET.masked_fill(~mask, -1.0)
    loss = distribution_balanced_loss(LOGITS, marked, COUNTS, TOTAL, ignore_index=-1, reduction="sum")
    torch.testing.assert_close(loss, expected.sum(), rtol=1e-9, atol=0)


def test_the_scale_of_the_counts_matters_only_beside_the_total() -> None:
    once = distribution_balanced_loss(LOGITS, TARGET, COUNTS, TOTAL)
    torch.testing.assert_close(distribution_balanced_loss(LOGITS, TARGET, 10 * COUNTS, 10 * TOTAL), once)


def test_counts_that_know_their_total() -> None:
    rows = torch.tensor([[1, 0, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]])
    known = class_counts(rows, multi_label=True)
    given = distribution_balanced_loss(LOGITS, TARGET, rows.sum(0).double(), 4)
    torch.testing.assert_close(distribution_balanced_loss(LOGITS, TARGET, known), given, rtol=1e-12, atol=0)
    torch.testing.assert_close(DistributionBalancedLoss(known)(LOGITS, TARGET), given, rtol=1e-6, atol=0)


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_derivatives(gamma: float) -> None:
    logits = LOGITS.clone().requires_grad_()
    assert gradcheck(lambda z: distribution_balanced_loss(z, TARGET, COUNTS, TOTAL, gamma=gamma), logits)


def test_limits() -> None:
    z = torch.tensor([[math.inf, -math.inf, 500.0, -500.0]], requires_grad=True)
    loss = distribution_balanced_loss(z, torch.tensor([[1.0, 0.0, 1.0, 0.0]]), COUNTS, TOTAL, gamma=0.5)
    (gradient,) = torch.autograd.grad(loss, z)
    assert loss == 0
    assert gradient.tolist() == [[0.0] * 4]


def test_settings_of_the_core_are_kept() -> None:
    settings = {"pos_weight": torch.tensor([1.0, 2.0, 3.0, 4.0]), "logits": LogitTransform(softcap=3.0)}
    expected = plainly(3 * torch.tanh(LOGITS / 3), TARGET) * torch.where(TARGET == 1, settings["pos_weight"], 1.0)
    loss = distribution_balanced_loss(LOGITS, TARGET, COUNTS, TOTAL, **settings, reduction="none")
    torch.testing.assert_close(loss, expected, rtol=1e-9, atol=1e-12)
    module = DistributionBalancedLoss(COUNTS, TOTAL, **settings, reduction="none")
    torch.testing.assert_close(module(LOGITS, TARGET), expected, rtol=1e-9, atol=1e-12)


def test_a_module_carries_what_its_counts_made() -> None:
    criterion = DistributionBalancedLoss(COUNTS, TOTAL)
    expected = criterion(LOGITS, TARGET)
    other = DistributionBalancedLoss(COUNTS.flip(0), TOTAL)
    assert not torch.allclose(other(LOGITS, TARGET), expected)
    other.load_state_dict(criterion.state_dict())
    for same in (other, copy.deepcopy(criterion), pickle.loads(pickle.dumps(criterion))):
        assert torch.equal(same(LOGITS, TARGET), expected)


def test_repr_shows_its_parameters() -> None:
    shown = repr(DistributionBalancedLoss(COUNTS, TOTAL, mu=0.3))
    assert "alpha=0.1, beta=10, mu=0.3, kappa=0.05, neg_scale=2.0, positive=Event(gamma=2.0)" in shown


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"alpha": -0.1}, ValueError, "`alpha` must be finite, at least 0, got -0.1"),
        ({"beta": 0.0}, ValueError, "`beta` must be finite, above 0, got 0.0"),
        ({"mu": math.inf}, ValueError, "`mu` must be finite, got inf"),
        ({"kappa": None}, TypeError, "`kappa` must be a number, not NoneType"),
        ({"neg_scale": 0.0}, ValueError, "`neg_scale` must be finite, above 0, got 0.0"),
        ({"gamma": -1.0}, ValueError, "`gamma` must be finite, at least 0, got -1.0"),
        ({"weight": torch.ones(4)}, TypeError, "`weight` is what"),
        ({"logits": LogitTransform(offset=torch.ones(4))}, TypeError, "`offset` of `logits` is what"),
        ({"total": 60}, ValueError, "class 0 has no negatives among its 60 rows"),
        ({"total": 50}, ValueError, "`total` must be finite and at least the count, got 50 rows with 60 positives"),
        ({"total": None}, TypeError, "`total` is missing"),
        ({"counts": [60, 30, 9, 0]}, ValueError, "`counts` must be finite and above 0, got 0 for class 3"),
    ],
)
def test_refusals(settings: dict, error: type[Exception], message: str) -> None:
    settings = {"counts": COUNTS, "total": TOTAL, **settings}
    with pytest.raises(error, match=message):
        DistributionBalancedLoss(**settings)
    with pytest.raises(error, match=message):
        distribution_balanced_loss(LOGITS, TARGET, **settings)


@pytest.mark.parametrize(
    ("input", "target", "error", "message"),
    [
        (LOGITS[:, :3], TARGET[:, :3], ValueError, "each of the 3 classes along the last axis of `input`, got 4"),
        (LOGITS, TARGET.long(), RuntimeError, "Pass target.float()"),
        (LOGITS, TARGET.clone().requires_grad_(), RuntimeError, "Pass target.detach()"),
        ([1.0], TARGET, TypeError, "argument 'input' must be Tensor, not list"),
    ],
)
def test_batches_that_do_not_fit(input: object, target: Tensor, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        DistributionBalancedLoss(COUNTS, TOTAL)(input, target)
    with pytest.raises(error, match=message):
        distribution_balanced_loss(input, target, COUNTS, TOTAL)
