"""Class counts -> weights: values by hand, invariances, and what is refused."""

import math

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight

from xent.imbalance import effective_number, inverse_frequency, inverse_sqrt, log_prior

COUNTS = [60, 30, 9, 1]
WEIGHTS = [inverse_frequency, inverse_sqrt, effective_number]
ALL = [*WEIGHTS, log_prior]


def test_inverse_frequency_by_hand():
    # n = 100, C = 4: 100/(4*60), 100/(4*30), 100/(4*9), 100/4
    expected = torch.tensor([0.4166667, 0.8333333, 2.7777778, 25.0])
    torch.testing.assert_close(inverse_frequency(COUNTS), expected)


def test_inverse_frequency_is_scikit_learns_balanced_weight():
    labels = np.repeat(np.arange(4), COUNTS)
    balanced = compute_class_weight("balanced", classes=np.arange(4), y=labels)
    torch.testing.assert_close(inverse_frequency(torch.tensor(COUNTS).double()), torch.from_numpy(balanced))


def test_inverse_sqrt_by_hand():
    # 1/sqrt(n) = 1, 1/2, 1/4 for n = 1, 4, 16; sum n_k w_k = 1 + 2 + 4 = 7 and n = 21, so times 3.
    torch.testing.assert_close(inverse_sqrt([1, 4, 16]), torch.tensor([3.0, 1.5, 0.75]))


def test_power_runs_from_equal_weights_to_inverse_frequency():
    counts = torch.tensor(COUNTS).double()
    torch.testing.assert_close(inverse_frequency(counts, 0.0), torch.ones(4).double())
    torch.testing.assert_close(inverse_frequency(counts, 0.5), inverse_sqrt(counts))
    # n^-2 = 1, 1/4; sum n_k w_k = 1 + 1/2 = 3/2 and n = 3, so times 2.
    torch.testing.assert_close(inverse_frequency([1, 2], 2.0), torch.tensor([2.0, 0.5]))


def test_a_large_power_of_large_counts_stays_finite():
    assert inverse_frequency([10**9, 10**6], 50.0).isfinite().all()


@pytest.mark.parametrize(
    ("power", "error", "message"),
    [
        (-1.0, ValueError, r"`power` must be at least 0, got -1.0: .* Pass 1.0"),
        (math.inf, ValueError, "`power` must be finite, got inf"),
        (math.nan, ValueError, "`power` must be finite, got nan"),
        ("1", TypeError, "`power` must be a number, not str"),
        (True, TypeError, "`power` must be a number, not bool"),
    ],
)
def test_power_outside_its_domain_is_refused(power, error, message):
    with pytest.raises(error, match=f"inverse_frequency: {message}"):
        inverse_frequency(COUNTS, power)


def test_effective_number_by_hand():
    # beta = .5, counts 1, 2: effective numbers 1 and 1.5, so weights 1 : 2/3. For a row average of 1 they are
    # multiplied by 3 / (1*1 + 2*2/3) = 9/7.
    torch.testing.assert_close(effective_number([1, 2], beta=0.5), torch.tensor([9 / 7, 6 / 7]))


def test_effective_number_runs_from_equal_weights_to_inverse_frequency():
    counts = torch.tensor(COUNTS).double()
    torch.testing.assert_close(effective_number(counts, beta=0), torch.ones(4).double())
    torch.testing.assert_close(effective_number(counts, beta=1 - 1e-12), inverse_frequency(counts))


@pytest.mark.parametrize("weights", WEIGHTS)
def test_weights_average_to_one_over_the_training_rows(weights):
    counts = torch.tensor(COUNTS).double()
    assert (counts * weights(counts)).sum().item() == pytest.approx(100.0, rel=1e-12)


@pytest.mark.parametrize("weights", WEIGHTS)
def test_the_rarer_a_class_the_larger_its_weight(weights):
    assert (weights(COUNTS).diff() > 0).all()


@pytest.mark.parametrize("weights", WEIGHTS)
def test_equal_counts_give_weight_one(weights):
    torch.testing.assert_close(weights([7, 7, 7]), torch.ones(3))


@pytest.mark.parametrize("function", ALL)
def test_permuting_the_classes_permutes_the_result(function):
    torch.testing.assert_close(function(COUNTS[::-1]), function(COUNTS).flip(0))


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize(
    ("counts", "dtype"),
    [
        (COUNTS, torch.float32),
        (np.array(COUNTS), torch.float32),
        (np.array(COUNTS, dtype=np.float64), torch.float64),
        (torch.tensor(COUNTS), torch.float32),
        (torch.tensor(COUNTS).bfloat16(), torch.bfloat16),
    ],
)
def test_counts_come_as_list_array_or_tensor(function, counts, dtype):
    result = function(counts)
    assert result.dtype == dtype
    torch.testing.assert_close(result, function(torch.tensor(COUNTS).double()).to(dtype))


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize(
    ("counts", "error", "message"),
    [
        ([5, 0, 1], ValueError, "got 0 for class 1. A class without training rows"),
        ([5, -2], ValueError, "got -2 for class 1"),
        ([math.nan, 2.0], ValueError, "got nan for class 0"),
        ([1.0, math.inf], ValueError, "got inf for class 1"),
        ([[1, 2]], ValueError, r"must have shape \(C,\), one count a class, got \(1, 2\)"),
        ([], ValueError, r"got \(0,\)"),
        (3, ValueError, r"got \(\)"),
        ([True, False], TypeError, "must be real numbers, got torch.bool"),
        ([1j], TypeError, "must be real numbers, got torch.complex64"),
    ],
)
def test_unusable_counts_are_refused(function, counts, error, message):
    with pytest.raises(error, match=rf"{function.__name__}: `counts` .*{message}"):
        function(counts)


@pytest.mark.parametrize("beta", [1.0, -0.1, 1.5])
def test_beta_outside_its_domain_is_refused(beta):
    with pytest.raises(ValueError, match=rf"`beta` must be in \[0, 1\), got {beta}"):
        effective_number(COUNTS, beta=beta)


@pytest.mark.parametrize("counts", [{"a": 1}, None, "abc"])
def test_counts_that_are_no_numbers(counts: object) -> None:
    with pytest.raises(
        TypeError, match="`counts` must be ClassCounts, a tensor, an array or a sequence of numbers, got"
    ):
        inverse_frequency(counts)


def test_beta_that_is_no_number() -> None:
    with pytest.raises(ValueError, match="effective_number: `beta` must be finite, got nan"):
        effective_number(COUNTS, beta=math.nan)
    with pytest.raises(TypeError, match="`beta` must be a number, not str"):
        effective_number([1, 2], beta="x")
