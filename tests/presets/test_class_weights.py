"""Inverse-frequency and class-balanced losses: the formulas, by hand and in float64, and the mean's denominator."""

import math
import re

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from xent import cross_entropy
from xent.imbalance import effective_number, inverse_frequency
from xent.presets import ClassBalancedLoss, InverseFrequencyLoss, class_balanced_loss, inverse_frequency_loss

COUNTS = [60, 30, 9, 1]
LOGITS = torch.tensor(
    [[2.0, -1.0, 0.3, 0.1], [0.2, 1.5, -2.0, 0.4], [1.0, 0.9, 1.2, -0.7], [0.0, 3.0, 0.5, 1.0], [4.0, 0.1, 0.2, 0.3]],
    dtype=torch.float64,
)
LABELS = torch.tensor([0, 1, 2, 3, 0])
# p = (3/4, 1/4) in either row: losses log 4/3 of label 0 and log 4 of label 1.
TWO_ROWS, TWO_LABELS = torch.tensor([[math.log(3), 0.0]] * 2, dtype=torch.float64), torch.tensor([0, 1])


def weighted_mean(weight: list[float]) -> Tensor:
    """sum w_y * nll / sum w_y, the weights on any scale."""
    w = torch.tensor(weight, dtype=torch.float64)[LABELS]
    nll = torch.logsumexp(LOGITS, 1) - LOGITS[torch.arange(5), LABELS]
    return (w * nll).sum() / w.sum()


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0])
def test_inverse_frequency_is_its_formula(power: float) -> None:
    expected = weighted_mean([n**-power for n in COUNTS])
    torch.testing.assert_close(inverse_frequency_loss(LOGITS, LABELS, COUNTS, power), expected, rtol=1e-9, atol=0)
    module = InverseFrequencyLoss(COUNTS, power)
    torch.testing.assert_close(module(LOGITS.float(), LABELS), expected.float())


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.9999])
def test_class_balanced_is_its_formula(beta: float) -> None:
    expected = weighted_mean([(1 - beta) / (1 - beta**n) for n in COUNTS])
    torch.testing.assert_close(class_balanced_loss(LOGITS, LABELS, COUNTS, beta), expected, rtol=1e-9, atol=0)
    module = ClassBalancedLoss(COUNTS, beta)
    torch.testing.assert_close(module(LOGITS.float(), LABELS), expected.float())


@pytest.mark.parametrize(
    ("counts", "power", "expected"),
    [
        # Weights 1 : 3: (log 4/3 + 3 log 4) / 4.
        ([3, 1], 1.0, (math.log(4 / 3) + 3 * math.log(4)) / 4),
        # Weights 1 : 2: (log 4/3 + 2 log 4) / 3.
        ([4, 1], 0.5, (math.log(4 / 3) + 2 * math.log(4)) / 3),
    ],
)
def test_inverse_frequency_by_hand(counts: list[int], power: float, expected: float) -> None:
    assert inverse_frequency_loss(TWO_ROWS, TWO_LABELS, counts, power).item() == pytest.approx(expected, rel=1e-12)


def test_class_balanced_by_hand() -> None:
    # beta = 1/2, counts 2 and 1: effective numbers 3/2 and 1, weights 2 : 3, (2 log 4/3 + 3 log 4) / 5.
    expected = (2 * math.log(4 / 3) + 3 * math.log(4)) / 5
    assert class_balanced_loss(TWO_ROWS, TWO_LABELS, [2, 1], 0.5).item() == pytest.approx(expected, rel=1e-12)


def test_the_mean_divides_by_the_weights_of_the_labels() -> None:
    """Some divide by the number of rows: twice the weights would then be twice the loss."""
    module = InverseFrequencyLoss(torch.tensor(COUNTS).double())
    mean = module(LOGITS, LABELS)
    module.weight = module.weight * 7
    torch.testing.assert_close(module(LOGITS, LABELS), mean, rtol=1e-12, atol=0)


@pytest.mark.parametrize(("loss", "default"), [(inverse_frequency_loss, 1.0), (class_balanced_loss, 0.999)])
def test_the_sum_keeps_the_size_of_plain_cross_entropy(loss: object, default: float) -> None:
    """Over rows as often as the counts say, and as improbable: the weights average to 1."""
    labels = torch.repeat_interleave(torch.arange(4), torch.tensor(COUNTS))
    logits = torch.zeros(100, 4, dtype=torch.float64)
    expected = 100 * math.log(4)
    assert loss(logits, labels, COUNTS, default, reduction="sum").item() == pytest.approx(expected, rel=1e-12)


def test_probability_targets_weigh_every_class() -> None:
    target = torch.softmax(LOGITS.flip(0), 1)
    weight = inverse_frequency(torch.tensor(COUNTS).double())
    expected = cross_entropy(LOGITS, target, weight=weight)
    torch.testing.assert_close(inverse_frequency_loss(LOGITS, target, COUNTS), expected, rtol=1e-12, atol=0)


def test_gradients() -> None:
    z = LOGITS.clone().requires_grad_()
    for settings in ({}, {"label_smoothing": 0.1}, {"reduction": "none"}):
        assert gradcheck(lambda z, s=settings: inverse_frequency_loss(z, LABELS, COUNTS, 0.5, **s), z)
        assert gradcheck(lambda z, s=settings: class_balanced_loss(z, LABELS, COUNTS, 0.9, **s), z)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_the_function_fits_its_weights_to_the_input(dtype: torch.dtype) -> None:
    z = LOGITS.to(dtype)
    weight = effective_number(torch.tensor(COUNTS).double()).float()
    expected = cross_entropy(z, LABELS, weight=weight)
    torch.testing.assert_close(class_balanced_loss(z, LABELS, COUNTS), expected, rtol=0, atol=0)


def test_state_and_repr() -> None:
    module, other = InverseFrequencyLoss(COUNTS, 0.5), InverseFrequencyLoss([1, 1, 1, 1], 0.5)
    other.load_state_dict(module.state_dict())
    torch.testing.assert_close(other(LOGITS.float(), LABELS), module(LOGITS.float(), LABELS), rtol=0, atol=0)
    assert set(module.state_dict()) == {"weight"}
    assert repr(module) == "InverseFrequencyLoss(power=0.5)"
    assert repr(ClassBalancedLoss(COUNTS, 0.9, z_loss=0.1)) == "ClassBalancedLoss(beta=0.9, z_loss=0.1)"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: InverseFrequencyLoss(COUNTS, -1.0), ValueError, "`power` must be finite, at least 0, got -1.0"),
        (lambda: InverseFrequencyLoss(COUNTS, math.inf), ValueError, "`power` must be finite, at least 0"),
        (lambda: InverseFrequencyLoss(COUNTS, "1"), TypeError, "`power` must be a number, not str"),
        (lambda: InverseFrequencyLoss([5, 0]), ValueError, "got 0 for class 1. A class without training rows"),
        (lambda: InverseFrequencyLoss([True, True]), TypeError, "`counts` must be real numbers, got torch.bool"),
        (lambda: InverseFrequencyLoss("ab"), TypeError, "`counts` must be"),
        (lambda: ClassBalancedLoss(COUNTS, 1.0), ValueError, "`beta` must be in [0, 1), got 1.0"),
        (lambda: InverseFrequencyLoss(COUNTS, weight=torch.ones(4)), TypeError, "`weight` is what InverseFrequency"),
        (lambda: ClassBalancedLoss(COUNTS, weight=None), TypeError, "`weight` is what ClassBalancedLoss sets itself"),
        (lambda: inverse_frequency_loss([1.0], LABELS, COUNTS), TypeError, "argument 'input' must be Tensor"),
    ],
)
def test_refused(make: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        make()
