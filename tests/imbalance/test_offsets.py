"""The log-prior, and logits adjusted by it after training."""

import math

import numpy as np
import pytest
import torch

from xent.imbalance import adjust_logits, class_counts, log_prior, undo_adjustment

COUNTS = [60, 30, 9, 1]
LOGITS = torch.tensor([[2.0, 0.5, 0.3, -1.0], [0.2, 1.5, 0.1, 4.0]])


def test_log_prior_by_hand():
    expected = torch.tensor([math.log(0.6), math.log(0.3), math.log(0.09), math.log(0.01)])
    torch.testing.assert_close(log_prior(COUNTS), expected)
    assert log_prior(COUNTS).exp().sum().item() == pytest.approx(1.0, abs=1e-6)


def test_equal_counts_give_a_constant():
    torch.testing.assert_close(log_prior([7, 7, 7]), torch.full((3,), -math.log(3)))


def test_adjustment_by_hand():
    # -log .5, -.5 log .5: half of log 2 apart from the logits
    adjusted = adjust_logits(torch.tensor([1.0, 0.0]), [5, 5], tau=0.5)
    torch.testing.assert_close(adjusted, torch.tensor([1.0, 0.0]) + 0.5 * math.log(2))


def test_adjustment_by_equal_counts_leaves_the_probabilities():
    torch.testing.assert_close(adjust_logits(LOGITS, [3, 3, 3, 3]).softmax(1), LOGITS.softmax(1))


def test_no_adjustment_at_tau_0():
    torch.testing.assert_close(adjust_logits(LOGITS, COUNTS, tau=0.0), LOGITS, rtol=0, atol=0)


@pytest.mark.parametrize("tau", [0.3, 1.0, 2.0])
def test_there_and_back(tau):
    logits = LOGITS.double()
    torch.testing.assert_close(undo_adjustment(adjust_logits(logits, COUNTS, tau), COUNTS, tau), logits)


def test_permuting_the_classes_permutes_the_result():
    adjusted = adjust_logits(LOGITS.flip(1), COUNTS[::-1])
    torch.testing.assert_close(adjusted, adjust_logits(LOGITS, COUNTS).flip(1))


def test_what_was_counted_and_every_form_of_counts_agree():
    expected = adjust_logits(LOGITS, COUNTS)
    counted = class_counts(torch.arange(4).repeat_interleave(torch.tensor(COUNTS)))
    for counts in (counted, np.array(COUNTS), torch.tensor(COUNTS), torch.tensor(COUNTS).double()):
        torch.testing.assert_close(adjust_logits(LOGITS, counts), expected, rtol=0, atol=0)


def test_class_axis_is_the_second_unless_said():
    logits = torch.randn(2, 4, 3)
    expected = logits - log_prior(COUNTS)[:, None]
    torch.testing.assert_close(adjust_logits(logits, COUNTS), expected)
    torch.testing.assert_close(adjust_logits(logits.mT, COUNTS, dim=-1), expected.mT)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_the_result_is_rounded_once(dtype):
    logits = LOGITS.to(dtype)
    exact = logits.double() - log_prior(torch.tensor(COUNTS).double())
    result = adjust_logits(logits, COUNTS)
    assert result.dtype == dtype
    # Two roundings of float32 come before the one to the dtype.
    torch.testing.assert_close(
        result.double(), exact, rtol=torch.finfo(dtype).eps, atol=1e-6 if dtype.itemsize < 8 else 0
    )


def test_the_gradient_goes_through():
    logits = LOGITS.clone().requires_grad_()
    adjust_logits(logits, COUNTS).sum().backward()
    torch.testing.assert_close(logits.grad, torch.ones_like(LOGITS))


def test_multi_label_counts_have_no_prior():
    found = class_counts([[1, 1], [0, 1]], multi_label=True)
    for call in (log_prior, lambda counts: adjust_logits(LOGITS[:, :2], counts)):
        with pytest.raises(ValueError, match=r"do not exclude one another .* Use pos_weight\(counts\)"):
            call(found)


@pytest.mark.parametrize(
    ("logits", "counts", "arguments", "error", "message"),
    [
        (
            LOGITS.numpy(),
            COUNTS,
            {},
            TypeError,
            r"`logits` must be a tensor, not ndarray. From NumPy: torch.from_numpy",
        ),
        (LOGITS.long(), COUNTS, {}, TypeError, "`logits` must be floating point, got torch.int64"),
        (
            LOGITS,
            [1, 2],
            {},
            ValueError,
            r"`counts` must hold one number for each of the 4 classes along axis 1 .* got 2",
        ),
        (LOGITS, COUNTS, {"tau": "1"}, TypeError, "`tau` must be a number, not str"),
        (LOGITS, COUNTS, {"tau": math.inf}, ValueError, "`tau` must be finite, got inf"),
    ],
)
def test_what_is_refused(logits, counts, arguments, error, message):
    with pytest.raises(error, match=f"adjust_logits: {message}"):
        adjust_logits(logits, counts, **arguments)


def test_a_class_axis_that_is_not_there():
    with pytest.raises(IndexError, match=r"`dim` must be in \[-2, 1\]"):
        adjust_logits(LOGITS, COUNTS, dim=2)
