"""Losses for wrong labels: the papers' formulas, the limits between them, and what they refuse."""

import copy
import math

import pytest
import torch
from torch import Tensor

import xent
from xent.presets import (
    GeneralizedCrossEntropyLoss,
    MeanAbsoluteErrorLoss,
    SymmetricCrossEntropyLoss,
    generalized_cross_entropy_loss,
    mean_absolute_error_loss,
    symmetric_cross_entropy_loss,
)

LOGITS = torch.tensor([[2.0, -1.0, 0.3], [-3.0, 0.0, 1.0], [0.1, 0.2, 0.4]], dtype=torch.float64)
LABELS = torch.tensor([1, 0, 2])
WEIGHT = torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64)


def p_label() -> Tensor:
    return torch.softmax(LOGITS, 1).gather(1, LABELS[:, None]).squeeze(1)


@pytest.mark.parametrize("q", [0.1, 0.3, 0.7, 1.0])
def test_generalized_formula(q: float) -> None:
    loss = generalized_cross_entropy_loss(LOGITS, LABELS, q, reduction="none")
    torch.testing.assert_close(loss, (1 - p_label() ** q) / q, rtol=1e-9, atol=0)


def test_generalized_goes_over_into_cross_entropy() -> None:
    expected = xent.cross_entropy(LOGITS, LABELS)
    assert torch.equal(generalized_cross_entropy_loss(LOGITS, LABELS, 0.0), expected)
    torch.testing.assert_close(generalized_cross_entropy_loss(LOGITS, LABELS, 1e-12), expected, rtol=1e-11, atol=0)


def test_generalized_at_one_is_the_mean_absolute_error() -> None:
    assert torch.equal(generalized_cross_entropy_loss(LOGITS, LABELS, 1.0), mean_absolute_error_loss(LOGITS, LABELS))


def test_mean_absolute_error_is_half_the_distance_of_the_distributions() -> None:
    p = torch.softmax(LOGITS, 1)
    distance = (torch.nn.functional.one_hot(LABELS, 3) - p).abs().sum(1)
    torch.testing.assert_close(
        mean_absolute_error_loss(LOGITS, LABELS, reduction="none"), distance / 2, rtol=1e-9, atol=0
    )


@pytest.mark.parametrize("size", [60.0, 800.0])
def test_certain_and_hopeless_rows(size: float) -> None:
    """(1 - p^q)/q -> 1 - p where p -> 1, and 1/q without gradient where p -> 0; exp(-800) is 0 in float64."""
    logits = torch.tensor([[size, 0.0], [-size, 0.0]], dtype=torch.float64, requires_grad=True)
    loss = generalized_cross_entropy_loss(logits, torch.tensor([0, 0]), 0.5, reduction="none")
    (gradient,) = torch.autograd.grad(loss.sum(), logits)
    assert loss.tolist() == pytest.approx([math.exp(-size), 2.0 - 2.0 * math.exp(-size / 2)], rel=1e-12)
    assert gradient[0].tolist() == pytest.approx([-math.exp(-size), math.exp(-size)], rel=1e-12)
    assert gradient[1].tolist() == pytest.approx([-math.exp(-size / 2), math.exp(-size / 2)], rel=1e-12)


@pytest.mark.parametrize(
    ("alpha", "beta", "log_zero"), [(0.1, 1.0, -4.0), (6.0, 0.1, -6.0), (1.0, 0.0, -4.0), (0.0, 0.5, -3.0)]
)
def test_symmetric_formula(alpha: float, beta: float, log_zero: float) -> None:
    p = torch.softmax(LOGITS, 1)
    log_label = torch.full_like(p, log_zero).scatter(1, LABELS[:, None], 0.0)
    expected = alpha * -p_label().log() + beta * -(p * log_label).sum(1)
    loss = symmetric_cross_entropy_loss(LOGITS, LABELS, alpha, beta, log_zero, reduction="none")
    torch.testing.assert_close(loss, expected, rtol=1e-9, atol=0)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_symmetric_takes_the_settings(reduction: str) -> None:
    """Class weights divide the mean, the z-loss is counted once, whatever alpha is."""
    settings = {"weight": WEIGHT, "z_loss": 0.3, "reduction": reduction}
    rows = 0.1 * -p_label().log() + 4.0 * (1 - p_label()) + 0.3 * torch.logsumexp(LOGITS, 1) ** 2
    d = WEIGHT[LABELS]
    expected = {"none": d * rows, "sum": (d * rows).sum(), "mean": (d * rows).sum() / d.sum()}[reduction]
    torch.testing.assert_close(symmetric_cross_entropy_loss(LOGITS, LABELS, **settings), expected, rtol=1e-9, atol=0)
    torch.testing.assert_close(SymmetricCrossEntropyLoss(**settings)(LOGITS, LABELS), expected, rtol=1e-9, atol=0)


def test_symmetric_module_passes_on_what_belongs_to_the_batch() -> None:
    batch = {
        "sample_weight": torch.tensor([1.0, 0.0, 2.0]),
        "mask": torch.tensor([True, True, False]),
        "normalizer": 5.0,
    }
    expected = (0.1 * -p_label()[0].log() + 4.0 * (1 - p_label()[0])) / 5.0
    torch.testing.assert_close(SymmetricCrossEntropyLoss()(LOGITS, LABELS, **batch), expected, rtol=1e-9, atol=0)


def test_symmetric_module_holds_what_it_is_given() -> None:
    module = SymmetricCrossEntropyLoss(
        0.5, weight=WEIGHT, logits=xent.LogitTransform(scale=WEIGHT, softcap=9.0), ignore_index=0
    )
    other = SymmetricCrossEntropyLoss(
        0.5,
        weight=torch.ones(3).double(),
        logits=xent.LogitTransform(scale=torch.ones(3).double(), softcap=9.0),
        ignore_index=0,
    )
    other.load_state_dict(module.state_dict())
    expected = symmetric_cross_entropy_loss(
        LOGITS, LABELS, 0.5, weight=WEIGHT, logits=xent.LogitTransform(scale=WEIGHT, softcap=9.0), ignore_index=0
    )
    for one in (module, other, copy.deepcopy(module)):
        assert torch.equal(one(LOGITS, LABELS), expected)
    assert repr(SymmetricCrossEntropyLoss(0.5)) == "SymmetricCrossEntropyLoss(alpha=0.5, beta=1.0, log_zero=-4.0)"


@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_gradients(reduction: str) -> None:
    logits = LOGITS.clone().requires_grad_()
    for loss in (
        lambda z: generalized_cross_entropy_loss(z, LABELS, 0.7, reduction=reduction),
        lambda z: mean_absolute_error_loss(z, LABELS, reduction=reduction),
        lambda z: symmetric_cross_entropy_loss(z, LABELS, z_loss=0.1, reduction=reduction),
        lambda z: symmetric_cross_entropy_loss(z, LABELS, 0.0, reduction=reduction),
    ):
        assert torch.autograd.gradcheck(loss, logits)


def test_bounded_by_the_gradient_of_cross_entropy() -> None:
    def norm(loss: Tensor) -> Tensor:
        return torch.autograd.grad(loss.sum(), logits)[0].norm(dim=1)

    logits = LOGITS.clone().requires_grad_()
    plain = norm(xent.cross_entropy(logits, LABELS, reduction="none"))
    assert bool((norm(generalized_cross_entropy_loss(logits, LABELS, reduction="none")) < plain).all())
    assert bool((norm(mean_absolute_error_loss(logits, LABELS, reduction="none")) < plain).all())


@pytest.mark.parametrize("q", [-0.1, 1.1])
def test_generalized_refuses(q: float) -> None:
    message = rf"GeneralizedCrossEntropyLoss: `q` must be finite, at least 0 and at most 1, got {q}\."
    with pytest.raises(ValueError, match=message):
        GeneralizedCrossEntropyLoss(q)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1.0,), r"`alpha` must be finite, at least 0, got -1.0\."),
        ((1.0, -1.0), r"`beta` must be finite, at least 0, got -1.0\."),
        ((1.0, 1.0, 0.0), r"`log_zero` stands for the logarithm of 0 and must be below 0, got 0.0\."),
        ((0.0, 0.0), r"`alpha` and `beta` are both 0, so the loss is 0\."),
    ],
)
def test_symmetric_refuses(arguments: tuple[float, ...], message: str) -> None:
    with pytest.raises(ValueError, match=f"SymmetricCrossEntropyLoss: {message}"):
        SymmetricCrossEntropyLoss(*arguments)
    with pytest.raises(ValueError, match=f"symmetric_cross_entropy_loss: {message}"):
        symmetric_cross_entropy_loss(LOGITS, LABELS, *arguments)


@pytest.mark.parametrize("module", [GeneralizedCrossEntropyLoss, MeanAbsoluteErrorLoss, SymmetricCrossEntropyLoss])
def test_the_event_is_its_own(module: type[torch.nn.Module]) -> None:
    with pytest.raises(TypeError, match=f"{module.__name__}: `event` is what {module.__name__} sets itself"):
        module(event=xent.Event(gamma=2))


def test_a_z_loss_that_is_no_number_is_refused() -> None:
    with pytest.raises(TypeError, match=r"`z_loss` must be a number, not str\."):
        symmetric_cross_entropy_loss(LOGITS, LABELS, z_loss="1")  # type: ignore[arg-type]
