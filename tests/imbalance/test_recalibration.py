"""The way back gives the true posterior, where the expected loss of a known population is minimised exactly.

The population has M kinds of x and a known P(k | x) for each. The model is a table of logits, one row a kind, which can
fit everything; the expected loss of a row is that of its posterior as a soft target. So the minimiser is what theory
speaks of.
"""

import math

import pytest
import torch

import xent
from xent.imbalance import (
    adjust_logits,
    effective_number,
    inverse_frequency,
    log_prior,
    pos_weight,
    undo_adjustment,
    undo_pos_weight,
    undo_weight,
)

POSTERIOR = torch.tensor(
    [[0.90, 0.09, 0.01], [0.50, 0.30, 0.20], [0.98, 0.01, 0.01], [0.60, 0.05, 0.35]], dtype=torch.float64
)
COUNTS = torch.tensor([900.0, 90.0, 10.0], dtype=torch.float64)


def minimiser(loss, shape):
    """Logits of least loss, in steps until the gradient is gone."""
    logits = torch.zeros(shape, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [logits], max_iter=2000, tolerance_grad=1e-13, tolerance_change=0, line_search_fn="strong_wolfe"
    )

    def closure():
        optimizer.zero_grad()
        value = loss(logits)
        value.backward()
        return value

    optimizer.step(closure)
    assert logits.grad.abs().max() < 1e-7
    return logits.detach()


def softmax_minimiser(**settings):
    def loss(logits):
        return xent.cross_entropy(logits, POSTERIOR, reduction="sum", **settings)

    return minimiser(loss, POSTERIOR.shape)


def assert_posterior(probabilities, posterior=POSTERIOR):
    torch.testing.assert_close(probabilities, posterior, rtol=0, atol=1e-6)


@pytest.mark.parametrize("weights", [inverse_frequency, effective_number])
def test_class_weights(weights):
    weight = weights(COUNTS)
    logits = softmax_minimiser(weight=weight)
    assert (logits.softmax(1) - POSTERIOR).abs().max() > 0.1
    assert_posterior(undo_weight(logits, weight).softmax(1))
    assert_posterior(undo_weight(logits, 5 * weight).softmax(1))


@pytest.mark.parametrize("tau", [0.5, 1.0, 1.5])
def test_logit_adjustment(tau):
    logits = softmax_minimiser(logits=xent.LogitTransform(offset=tau * log_prior(COUNTS)))
    assert (logits.softmax(1) - POSTERIOR).abs().max() > 0.1
    assert_posterior(undo_adjustment(logits, COUNTS, tau).softmax(1))


def test_balanced_softmax_with_counts_for_an_offset():
    logits = softmax_minimiser(logits=xent.LogitTransform(offset=COUNTS.log()))
    assert_posterior(undo_adjustment(logits, COUNTS).softmax(1))


def test_adjusting_after_training_is_balanced_softmax():
    """Both minimise the balanced error: the same probabilities, from either side."""
    plain = softmax_minimiser()
    balanced = softmax_minimiser(logits=xent.LogitTransform(offset=log_prior(COUNTS)))
    assert_posterior(plain.softmax(1))
    assert_posterior(adjust_logits(plain, COUNTS).softmax(1), balanced.softmax(1))


def test_pos_weight():
    prevalence = POSTERIOR.mean(0)
    weight = pos_weight(prevalence, total=1)
    posterior = POSTERIOR

    def loss(logits):
        return xent.binary_cross_entropy_with_logits(logits, posterior, pos_weight=weight, reduction="sum")

    logits = minimiser(loss, posterior.shape)
    assert (logits.sigmoid() - posterior).abs().max() > 0.1
    assert_posterior(undo_pos_weight(logits, weight).sigmoid())


def test_pos_weight_of_one_number_for_any_shape():
    weight = torch.tensor(4.0)
    # Odds of 4 : 1, at a weight of 4, are even odds.
    logits = torch.full((2, 3), math.log(4.0))
    torch.testing.assert_close(undo_pos_weight(logits, weight).sigmoid(), torch.full((2, 3), 0.5))
    torch.testing.assert_close(undo_pos_weight(logits[0], weight[None]).sigmoid(), torch.full((3,), 0.5))


@pytest.mark.parametrize("undo", [undo_weight, undo_pos_weight])
def test_weights_of_one_change_nothing(undo):
    logits = torch.randn(2, 3, 4)
    torch.testing.assert_close(undo(logits, torch.ones(3)), logits, rtol=0, atol=0)
    torch.testing.assert_close(undo(logits, torch.ones(4), dim=-1), logits, rtol=0, atol=0)


@pytest.mark.parametrize("undo", [undo_weight, undo_pos_weight])
@pytest.mark.parametrize(
    ("weight", "error", "message"),
    [
        (torch.tensor([1.0, 0.0, 2.0]), ValueError, "must be finite and above 0, got 0 for class 1. Of a class"),
        (torch.tensor([1.0, math.inf, 2.0]), ValueError, "must be finite and above 0, got inf for class 1"),
        (torch.tensor([1.0, 2.0, -1.0]), ValueError, "must be finite and above 0, got -1 for class 2"),
        (torch.ones(2), ValueError, "must hold one number for each of the 3 classes along axis 1 .*, got 2"),
        (torch.ones(1, 3), ValueError, r"must have shape \(C,\), one number a class, got \(1, 3\)"),
        (torch.ones(3).bool(), TypeError, "must hold real numbers, got torch.bool"),
        ([1.0, 1.0, 1.0], TypeError, "must be a tensor, not list"),
    ],
)
def test_what_is_refused(undo, weight, error, message):
    with pytest.raises(error, match=rf"{undo.__name__}: `(pos_)?weight` {message}"):
        undo(torch.zeros(2, 3), weight)


def test_one_weight_does_not_stand_for_all_classes_of_a_softmax():
    with pytest.raises(ValueError, match="one number for each of the 3 classes"):
        undo_weight(torch.zeros(2, 3), torch.tensor(2.0))
