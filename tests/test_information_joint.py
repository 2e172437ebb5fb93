"""Conditional entropy and mutual information of joint tables."""

import math

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import Phase, find, given, settings
from hypothesis.extra.numpy import array_shapes, arrays
from torch.autograd import gradcheck, gradgradcheck

from xent.information import conditional_entropy, entropy, mutual_information

tables = arrays(np.int64, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.integers(0, 50)).filter(np.any)


@pytest.mark.parametrize(
    "wanted",
    [
        lambda t: t.shape[0] > 2 and t.shape[1] > 2 and np.ptp(t) > 20 and t.all(),
        lambda t: t.shape[0] > 1 and (t.sum(1) == 0).any(),
        lambda t: t.shape[1] > 1 and (t.sum(0) == 0).any(),
        lambda t: t.shape[0] != t.shape[1],
    ],
    ids=["full", "empty row", "empty column", "oblong"],
)
def test_the_generator_spreads(wanted):
    find(
        tables,
        lambda table: bool(wanted(table)),
        settings=settings(max_examples=5000, database=None, phases=[Phase.generate]),
    )


@pytest.mark.parametrize("make", [torch.tensor, np.array], ids=["torch", "numpy"])
class TestHandValues:
    # X is the row. H(Y|X) = 1/2 * 1 bit (first row: a coin) + 1/2 * 0 (second: certain).
    table = ([0.25, 0.25], [0.5, 0.0])

    def test_conditional_entropy(self, make):
        assert float(conditional_entropy(make(self.table), base=2)) == pytest.approx(0.5)

    def test_the_other_way_round(self, make):
        # H(X|Y) = 3/4 * H(1/3, 2/3) + 1/4 * 0, and H(1/3, 2/3) = log2(3) - 2/3.
        value = conditional_entropy(make(self.table), base=2, dim=(-1, -2))
        assert float(value) == pytest.approx(0.75 * (math.log2(3) - 2 / 3))

    def test_mutual_information(self, make):
        # H(Y) - H(Y|X), and H(Y) = H(3/4, 1/4) = 2 - 3/4 log2(3).
        value = mutual_information(make(self.table), base=2)
        assert float(value) == pytest.approx(2 - 0.75 * math.log2(3) - 0.5)

    def test_independence(self, make):
        table = make([[0.125, 0.375], [0.125, 0.375]])
        assert float(mutual_information(table)) == 0
        assert float(conditional_entropy(table)) == pytest.approx(float(entropy(make([0.25, 0.75]))))

    def test_determination(self, make):
        table = make([[0.25, 0.0], [0.0, 0.75]])
        assert float(conditional_entropy(table)) == 0
        assert float(mutual_information(table)) == pytest.approx(float(entropy(make([0.25, 0.75]))))


@given(tables)
def test_chain_rule(table):
    of_x, of_y = (entropy(table.sum(axis), input="counts") for axis in (1, 0))
    of_both = entropy(table, input="counts", dim=(0, 1))
    y_given_x = conditional_entropy(table, input="counts")
    information = mutual_information(table, input="counts")
    assert of_both == pytest.approx(of_x + y_given_x, rel=1e-12, abs=1e-14)
    assert information == pytest.approx(of_x + of_y - of_both, rel=1e-12, abs=1e-13)
    assert information == pytest.approx(mutual_information(table.T, input="counts"), rel=1e-12, abs=1e-30)
    assert 0 <= information <= min(of_x, of_y) * (1 + 1e-12) + 1e-14
    assert 0 <= y_given_x <= of_y * (1 + 1e-12) + 1e-14


@given(tables)
def test_kinds_of_input_agree(table):
    p = table / table.sum()
    log_p = np.log(p, where=p > 0, out=np.full_like(p, -math.inf))
    for function in (conditional_entropy, mutual_information):
        expected = pytest.approx(function(table, input="counts"), rel=1e-12, abs=1e-14)
        assert function(p) == expected
        assert function(log_p, input="log_probabilities") == expected
        assert function(log_p - 5, input="logits") == expected
        assert float(function(torch.from_numpy(p))) == expected


def test_axes_and_batches():
    z = torch.randn(3, 4, 5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for function in (conditional_entropy, mutual_information):
        value = function(z, input="logits", dim=(2, 0))
        assert value.shape == (4, 6)
        torch.testing.assert_close(value[1, 2], function(z[:, 1, :, 2].t(), input="logits"))


def test_underflow_is_not_absence():
    # exp(-200) is 0 in float32. Rows and columns that occur only so must not look impossible.
    table = torch.tensor([[0.0, -200.0], [-200.0, -200.0]])
    assert float(mutual_information(table, input="logits")) == 0
    assert float(conditional_entropy(table, input="logits")) == 0


def test_weak_dependence_is_not_lost():
    # p = (1 +- e)/4: I = sum p log(4 p) = ((1+e) log(1+e) + (1-e) log(1-e))/2 = e^2/2 + e^4/12 + ...
    e = 2.0**-12
    table = torch.tensor([[1 + e, 1 - e], [1 - e, 1 + e]]) / 4
    assert float(mutual_information(table)) == pytest.approx(e**2 / 2 + e**4 / 12, rel=1e-6)


def test_gradients():
    z = torch.randn(2, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    for function in (conditional_entropy, mutual_information):
        assert gradcheck(lambda a, f=function: f(a, input="logits"), (z,))
        assert gradgradcheck(lambda a, f=function: f(a, input="logits"), (z,))
        p = torch.softmax(z.detach().flatten(1), -1).view_as(z).requires_grad_()
        assert gradgradcheck(lambda a, f=function: f(a, normalize=True), (p,))


def test_gradients_at_zeros_are_no_nan():
    table = torch.tensor([[0.5, 0.25, 0.0], [0.25, 0.0, 0.0], [0.0, 0.0, 0.0]], requires_grad=True)
    for function in (conditional_entropy, mutual_information):
        (gradient,) = torch.autograd.grad(function(table), table)
        assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_dtype(dtype):
    table = torch.tensor([[0.25, 0.25], [0.5, 0.0]], dtype=dtype)
    for function in (conditional_entropy, mutual_information):
        assert function(table).dtype == dtype
        torch.testing.assert_close(function(table), function(table.double()).to(dtype))
