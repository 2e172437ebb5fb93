"""Where torch is wrong, or refuses what has a meaning, and ours differs. Each check has hand-computed values."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.func import vmap

import xent

from .checks import Loss

Check = Callable[[Loss], None]
INF, NAN = math.inf, math.nan


def _graded(loss: Loss, input: Tensor, *args: Tensor, **kwargs: object) -> tuple[Tensor, Tensor]:
    x = input.clone().requires_grad_()
    result = loss(x, *args, **kwargs)
    (gradient,) = torch.autograd.grad(result.sum(), x)
    return result.detach(), gradient


def confident_labels(loss: Loss) -> None:
    """At a lead of 17 and of 8 the loss is log1p(exp(-lead)), not 0: 4.13994e-8 and 3.35406e-4."""
    for dtype, lead, expected in ((torch.float32, 17.0, 4.13994e-8), (torch.bfloat16, 8.0, 3.35406e-4)):
        z = torch.tensor([[lead, 0.0]], dtype=dtype)
        result, gradient = _graded(loss, z, torch.tensor([0]))
        expected_gradient = torch.tensor([[-expected, expected]])
        # 2^-8 is half a unit in the last place of bfloat16.
        torch.testing.assert_close(result.float(), torch.tensor(expected), rtol=2**-8, atol=0)
        torch.testing.assert_close(gradient.float(), expected_gradient, rtol=2**-8, atol=0)


def ignored_rows_are_not_read(loss: Loss) -> None:
    """-inf, inf and nan in ignored rows change neither the loss nor the gradient."""
    z = torch.tensor([[0.0, 0.0], [-INF, -INF], [NAN, 1.0], [INF, INF]])
    result, gradient = _graded(loss, z, torch.tensor([0, -100, -100, -100]))
    torch.testing.assert_close(result, torch.tensor(math.log(2)))
    torch.testing.assert_close(gradient, torch.tensor([[-0.5, 0.5], [0, 0], [0, 0], [0, 0]]))


def impossible_classes(loss: Loss) -> None:
    """A class of logit -inf takes no part: probability 0 there costs nothing, smoothing runs over the others."""
    z = torch.tensor([[0.0, 0.0, -INF]])
    half = torch.tensor([[0.5, 0.5, 0.0]])
    for target, kwargs in ((half, {}), (half, {"label_smoothing": 0.2}), (torch.tensor([0]), {"label_smoothing": 0.2})):
        result, gradient = _graded(loss, z, target, **kwargs)
        torch.testing.assert_close(result, torch.tensor(math.log(2)))
        # p - t': (.5, .5) - (.8 + .1, .1) for the smoothed label 0.
        expected = [[0.0, 0.0, 0.0]] if target is half else [[-0.4, 0.4, 0.0]]
        torch.testing.assert_close(gradient, torch.tensor(expected))


def half_precision_mean(loss: Loss) -> None:
    """The float16 mean of more rows than float16 can count, 70000, each of loss log 2 and gradient +-.5."""
    rows = 70_000
    z = torch.zeros(rows, 2, dtype=torch.float16, requires_grad=True)
    result = loss(z, torch.zeros(rows, dtype=torch.long))
    # Scaled, as GradScaler does it: .5/70000 = 7.1e-6 would be subnormal in float16.
    (gradient,) = torch.autograd.grad(result * 2.0**15, z)
    torch.testing.assert_close(result.detach().float(), torch.tensor(math.log(2)), rtol=2**-11, atol=0)
    expected = torch.tensor([-0.5, 0.5]) * 2**15 / rows
    torch.testing.assert_close(gradient[-1].float(), expected, rtol=2**-10, atol=0)


def smoothing_is_a_probability(loss: Loss) -> None:
    z, y = torch.randn(3, 2), torch.tensor([0, 1, 0])
    for wrong in (-0.1, NAN, 1.5):
        with pytest.raises(RuntimeError, match=r"label_smoothing must be between 0\.0 and 1\.0"):
            loss(z, y, label_smoothing=wrong)


def lost_labels(loss: Loss) -> None:
    """Where values cannot be read, a label that names no class makes its row nan, and no other."""
    x, y = torch.full((3, 2), 0.5).log(), torch.tensor([0, 5, -1])
    rows = vmap(lambda x, y: loss(x, y, reduction="none"))(x, y)
    torch.testing.assert_close(rows, torch.tensor([math.log(2), NAN, NAN]), equal_nan=True)
    # Compiled formulas cannot read them either; a compiled kernel does.
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    if xent.info(loss, x, torch.zeros(3, dtype=torch.long)).backend == "native":
        with pytest.raises(IndexError, match="Target 5 is out of bounds"):
            compiled(x, y, reduction="none")
    else:
        torch.testing.assert_close(compiled(x, y, reduction="none"), rows, equal_nan=True)


def one_label_in_brackets(loss: Loss) -> None:
    """A row (C,) with a label of shape (1,): torch takes it forward, but not back."""
    result, gradient = _graded(loss, torch.tensor([0.5, 0.5]).log(), torch.tensor([1]))
    torch.testing.assert_close(result, torch.tensor(math.log(2)))
    assert gradient.shape == (2,)


def bounded_logarithms(loss: Loss) -> None:
    """At the bound of 100 the loss is flat: gradient 0, and not -1e12."""
    p = torch.tensor([0.0, 0.0, 1.0, 1.0])
    y = torch.tensor([0.0, 1.0, 0.0, 1.0])
    result, gradient = _graded(loss, p, y, reduction="none")
    assert torch.equal(result, torch.tensor([0.0, 100.0, 100.0, 0.0]))
    # -y/p + (1-y)/(1-p): 1 for p = y = 0, -1 for p = y = 1.
    assert torch.equal(gradient, torch.tensor([1.0, 0.0, 0.0, -1.0]))


def small_probabilities(loss: Loss) -> None:
    """Below 1e-12 too the gradient is -1/p, so that behind a sigmoid it is p - 1: -1/3 for a mean over three."""
    x = torch.tensor([-50.0, -30.0, 0.0], requires_grad=True)
    (gradient,) = torch.autograd.grad(loss(torch.sigmoid(x), torch.ones(3)), x)
    torch.testing.assert_close(gradient, torch.tensor([-1 / 3, -1 / 3, -1 / 6]))


def confident_negatives(loss: Loss) -> None:
    """softplus(x) = exp(x) for small x, where torch has 0: exp(-20) = 2.06115e-9, exp(-6) = 2.47569e-3."""
    for dtype, x, expected in ((torch.float32, -20.0, 2.06115e-9), (torch.bfloat16, -6.0, 2.47569e-3)):
        result, gradient = _graded(loss, torch.tensor([x], dtype=dtype), torch.zeros(1, dtype=dtype))
        torch.testing.assert_close(result.float(), torch.tensor(expected), rtol=2**-8, atol=0)
        torch.testing.assert_close(gradient.float(), torch.tensor([expected]), rtol=2**-8, atol=0)


def confident_positives(loss: Loss) -> None:
    """The gradient at y = 1 is -exp(-x) for large x, where torch has 0: -exp(-20) = -2.06115e-9."""
    _, gradient = _graded(loss, torch.tensor([20.0]), torch.ones(1))
    torch.testing.assert_close(gradient, torch.tensor([-2.06115e-9]), rtol=1e-5, atol=0)


def infinite_logits(loss: Loss) -> None:
    """An infinite logit on the right side costs nothing, and has gradient 0."""
    result, gradient = _graded(loss, torch.tensor([-INF, INF]), torch.tensor([0.0, 1.0]), reduction="none")
    assert torch.equal(result, torch.zeros(2))
    assert torch.equal(gradient, torch.zeros(2))


def impossible_events(loss: Loss) -> None:
    """0 log 0 = 0: what the target excludes costs nothing, even where the model excludes it too."""
    x, t = torch.tensor([[0.0, -INF], [math.log(0.5), math.log(0.5)]]), torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    result, gradient = _graded(loss, x, t, reduction="batchmean")
    # Row 1: 1*(0 - 0) = 0. Row 2: 1*(0 - log .5) = log 2. Their mean is log(2)/2.
    torch.testing.assert_close(result, torch.tensor(math.log(2) / 2))
    torch.testing.assert_close(gradient, torch.tensor([[-0.5, 0.0], [-0.5, 0.0]]))


CHECKS: dict[str, tuple[Check, ...]] = {
    "cross_entropy": (
        confident_labels,
        ignored_rows_are_not_read,
        impossible_classes,
        half_precision_mean,
        smoothing_is_a_probability,
        lost_labels,
        one_label_in_brackets,
    ),
    "nll_loss": (lost_labels, one_label_in_brackets),
    "binary_cross_entropy": (bounded_logarithms, small_probabilities),
    "binary_cross_entropy_with_logits": (confident_negatives, confident_positives, infinite_logits),
    "kl_div": (impossible_events,),
}
