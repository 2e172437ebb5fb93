"""Vector scaling and class-dependent temperatures: the formulas, by hand and in float64, and what they contain."""

import math
import re

import pytest
import torch
from torch.autograd import gradcheck

from xent import LogitTransform, cross_entropy
from xent.presets import (
    ClassDependentTemperatureLoss,
    VectorScalingLoss,
    class_dependent_temperature_loss,
    logit_adjusted_loss,
    vector_scaling_loss,
)

COUNTS = [60, 30, 9, 1]
N = torch.tensor(COUNTS, dtype=torch.float64)
LOGITS = torch.tensor(
    [[2.0, -1.0, 0.3, 0.1], [0.2, 1.5, -2.0, 0.4], [1.0, 0.9, 1.2, -0.7], [0.0, 3.0, 0.5, 1.0]], dtype=torch.float64
)
LABELS = torch.tensor([0, 1, 2, 3])


@pytest.mark.parametrize("gamma", [0.0, 0.15, 1.0])
@pytest.mark.parametrize("tau", [0.0, 1.0, 2.0])
def test_vector_scaling_is_its_formula(gamma: float, tau: float) -> None:
    """As the paper writes it: log(1 + sum over k != y of exp(iota_k - iota_y) * exp(delta_k z_k - delta_y z_y))."""
    delta, iota = (N / 60) ** gamma, tau * (N / 100).log()
    expected = []
    for z, y in zip(LOGITS, LABELS, strict=True):
        terms = [(iota[k] - iota[y] + delta[k] * z[k] - delta[y] * z[y]).exp() for k in range(4) if k != y]
        expected.append(torch.log(1 + sum(terms)))
    given = vector_scaling_loss(LOGITS, LABELS, COUNTS, gamma, tau, reduction="none")
    torch.testing.assert_close(given, torch.stack(expected), rtol=1e-9, atol=0)
    module = VectorScalingLoss(COUNTS, gamma, tau, reduction="none")
    torch.testing.assert_close(module(LOGITS.float(), LABELS), torch.stack(expected).float())


@pytest.mark.parametrize("gamma", [0.0, 0.3, 1.0])
def test_class_dependent_temperatures_are_their_formula(gamma: float) -> None:
    """As the paper writes it: logits divided by (n_max / n_k)^gamma."""
    divided = LOGITS / (60 / N) ** gamma
    expected = torch.logsumexp(divided, 1) - divided[torch.arange(4), LABELS]
    given = class_dependent_temperature_loss(LOGITS, LABELS, COUNTS, gamma, reduction="none")
    torch.testing.assert_close(given, expected, rtol=1e-9, atol=0)
    module = ClassDependentTemperatureLoss(COUNTS, gamma, reduction="none")
    torch.testing.assert_close(module(LOGITS.float(), LABELS), expected.float())


def test_by_hand() -> None:
    # Factors (1, 1/2) make of (0, 2 log 3) the logits (0, log 3): p = (1/4, 3/4).
    z = torch.tensor([[0.0, 2 * math.log(3)]], dtype=torch.float64)
    y = torch.tensor([1])
    cdt = class_dependent_temperature_loss(z, y, [4, 1], gamma=0.5)
    assert cdt.item() == pytest.approx(math.log(4 / 3), rel=1e-12)
    # With the offset they are log 4 and log 3, but for a constant: p = (4/7, 3/7).
    assert vector_scaling_loss(z, y, [4, 1], gamma=0.5).item() == pytest.approx(math.log(7 / 3), rel=1e-12)


def test_what_it_contains() -> None:
    adjusted = logit_adjusted_loss(LOGITS, LABELS, COUNTS, 1.5)
    torch.testing.assert_close(vector_scaling_loss(LOGITS, LABELS, COUNTS, 0.0, 1.5), adjusted, rtol=1e-12, atol=0)
    cooled = class_dependent_temperature_loss(LOGITS, LABELS, COUNTS, 0.3)
    torch.testing.assert_close(vector_scaling_loss(LOGITS, LABELS, COUNTS, 0.3, 0.0), cooled, rtol=1e-12, atol=0)
    plain = cross_entropy(LOGITS, LABELS)
    torch.testing.assert_close(vector_scaling_loss(LOGITS, LABELS, [7, 7, 7, 7]), plain, rtol=1e-12, atol=0)


def test_gradients() -> None:
    z = LOGITS.clone().requires_grad_()
    target = torch.softmax(LOGITS.flip(0), 1)
    assert gradcheck(lambda z: vector_scaling_loss(z, LABELS, COUNTS, label_smoothing=0.1), z)
    assert gradcheck(lambda z: class_dependent_temperature_loss(z, target, COUNTS, reduction="none"), z)


def test_state_and_repr() -> None:
    module, other = VectorScalingLoss(COUNTS), VectorScalingLoss([1, 1, 1, 1])
    other.load_state_dict(module.state_dict())
    torch.testing.assert_close(other(LOGITS.float(), LABELS), module(LOGITS.float(), LABELS), rtol=0, atol=0)
    assert set(module.state_dict()) == {"logits.scale", "logits.offset"}
    assert repr(module).startswith("VectorScalingLoss(\n  gamma=0.1, tau=1\n")


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: VectorScalingLoss([5, 0]), ValueError, "got 0 for class 1. A class without training rows"),
        (lambda: VectorScalingLoss(COUNTS, -0.1), ValueError, "VectorScalingLoss: `gamma` must be finite, at least 0"),
        (lambda: VectorScalingLoss(COUNTS, tau=-1), ValueError, "VectorScalingLoss: `tau` must be finite, at least 0"),
        (lambda: ClassDependentTemperatureLoss(COUNTS, "a"), TypeError, "`gamma` must be a number, not str"),
        (
            lambda: ClassDependentTemperatureLoss(COUNTS, logits=LogitTransform(scale=2.0)),
            TypeError,
            "`scale` of `logits` is what ClassDependentTemperatureLoss sets itself",
        ),
        (
            lambda: vector_scaling_loss(LOGITS, LABELS, COUNTS, logits=LogitTransform(offset=torch.zeros(4))),
            TypeError,
            "`offset` of `logits` is what vector_scaling_loss sets itself",
        ),
    ],
)
def test_refused(make: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        make()
