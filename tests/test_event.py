"""phi and its slope h against 80 digits, at the ends of [0, 1] and where their formulas cancel."""

import copy
import math
import pickle

import mpmath
import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from tests import oracle
from tests.oracle import mp
from xent import CrossEntropyLoss, Event
from xent.core.event import phi, slope

EVENTS = [
    Event(),
    Event(gamma=0.25),
    Event(gamma=0.5, poly=1),
    Event(gamma=1),
    Event(gamma=2),
    Event(gamma=5, poly=-0.5),
    Event(poly=2),
    Event(q=0.7),
    Event(q=1),
    Event(q=1.5, gamma=2, poly=0.5),
    Event(q=1e-8),
    Event(q=0.3, gamma=0.1),
]
# p from 1 - 1e-30 down to 1e-300, in nats.
NLL = [1e-30, 1e-16, 1e-8, 1e-3, 0.1, math.log(2), 1.0, 5.0, 30.0, 87.0, 300.0, 690.0]


def _p(nll: float) -> mpmath.mpf:
    return mp.exp(-mp.mpf(nll))


@pytest.mark.parametrize("event", EVENTS, ids=str)
def test_phi_and_slope_are_exact(event: Event) -> None:
    nll = torch.tensor(NLL, dtype=torch.float64)
    values = torch.tensor([float(oracle.phi(event, _p(x))) for x in NLL], dtype=torch.float64)
    slopes = torch.tensor([float(oracle.h(event, _p(x))) for x in NLL], dtype=torch.float64)
    # Where an exponential is in play, an error of one ulp in nll = 690 is 690 ulp of p.
    torch.testing.assert_close(phi(event, nll), values, rtol=2e-13, atol=0)
    torch.testing.assert_close(slope(event, nll), slopes, rtol=2e-13, atol=1e-300)


@pytest.mark.parametrize("event", EVENTS, ids=str)
@pytest.mark.parametrize("x", [0.01, 0.7, 4.0])
def test_the_slope_is_the_derivative(event: Event, x: float) -> None:
    derivative = mp.diff(lambda nll: oracle.phi(event, mp.exp(-nll)), x)
    assert float(oracle.h(event, _p(x))) == pytest.approx(float(derivative), rel=1e-15)


@pytest.mark.parametrize("event", EVENTS, ids=str)
def test_the_certain_event(event: Event) -> None:
    """At p = 1 the loss is 0; the slope is h(1) = 1 + poly, and with focusing 0."""
    certain = torch.zeros(1, requires_grad=True)
    loss = phi(event, certain)
    (gradient,) = torch.autograd.grad(loss.sum(), certain)
    assert loss.item() == 0
    assert slope(event, certain).item() == (0 if event.gamma else 1 + event.poly)
    assert not gradient.isnan().any()


@pytest.mark.parametrize("event", EVENTS, ids=str)
def test_the_impossible_event(event: Event) -> None:
    """At p = 0 the loss is inf, or 1/q + poly where q > 0; the slope is 1 for q = 0, and 0 for q > 0."""
    impossible = torch.tensor([math.inf], dtype=torch.float64)
    expected = 1 / event.q + event.poly if event.q else math.inf
    assert phi(event, impossible).item() == pytest.approx(expected)
    assert slope(event, impossible).item() == pytest.approx(0 if event.q else 1)


@pytest.mark.parametrize("event", EVENTS, ids=str)
def test_derivatives_of_phi_and_slope(event: Event) -> None:
    nll = torch.tensor([1e-3, 0.2, 1.0, 6.0], dtype=torch.float64, requires_grad=True)
    (derivative,) = torch.autograd.grad(phi(event, nll).sum(), nll)
    torch.testing.assert_close(derivative, slope(event, nll.detach()), rtol=1e-12, atol=0)
    assert gradcheck(lambda x: phi(event, x), nll, eps=1e-7)
    assert gradcheck(lambda x: slope(event, x), nll, eps=1e-7, atol=1e-4)
    assert gradgradcheck(lambda x: phi(event, x), nll.detach()[1:].requires_grad_(), eps=1e-7)


@pytest.mark.parametrize("gamma", [0.1, 0.5, 0.9])
def test_weak_focusing_near_certainty(gamma: float) -> None:
    """h -> (1 + gamma)*(1 - p)^gamma as p -> 1; the factor (1 - p)^(gamma - 1), taken alone, is infinite there."""
    nll = torch.tensor([1e-30, 1e-12], dtype=torch.float32)
    expected = (1 + gamma) * nll**gamma
    torch.testing.assert_close(slope(Event(gamma=gamma), nll), expected, rtol=1e-6, atol=0)


def test_q_towards_zero_is_the_logarithm() -> None:
    """(1 - p^q)/q = x - q*x^2/2 + ..., with x = -log p."""
    x = torch.tensor([1e-6, 0.3, 4.0, 80.0], dtype=torch.float64)
    for q in (1e-3, 1e-6, 1e-12):
        gap = x - phi(Event(q=q), x)
        assert (gap <= q * x**2 / 2 + 1e-14 * x).all()
        assert (gap >= -1e-14 * x).all()


def test_q_one_is_the_absolute_error() -> None:
    """(1 - p^1)/1 = 1 - p."""
    p = torch.tensor([0.9, 0.5, 0.125], dtype=torch.float64)
    torch.testing.assert_close(phi(Event(q=1), -p.log()), 1 - p)


def test_float32_keeps_its_precision() -> None:
    nll = torch.tensor(NLL[2:-2], dtype=torch.float32)
    for event in EVENTS:
        values = torch.tensor([float(oracle.phi(event, _p(x))) for x in nll.tolist()])
        slopes = torch.tensor([float(oracle.h(event, _p(x))) for x in nll.tolist()])
        # exp(-87) in float32 is off by 87 ulp of its argument.
        torch.testing.assert_close(phi(event, nll), values, rtol=4e-6, atol=0)
        torch.testing.assert_close(slope(event, nll), slopes, rtol=2e-5, atol=0)


def test_a_copied_loss_still_takes_the_shortest_way():
    criterion = CrossEntropyLoss()
    for copied in (copy.deepcopy(criterion), pickle.loads(pickle.dumps(criterion))):
        assert copied.event is criterion.event
    assert pickle.loads(pickle.dumps(Event(gamma=2))) == copy.copy(Event(gamma=2)) == Event(gamma=2)
