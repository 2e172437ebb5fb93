"""What holds for every sample. A check takes the loss under test, so that defective losses go through it too.

In float64 a loss agrees with torch's. In lower precision the truth is torch's float64 result for the same numbers, and
the error may not exceed the error of torch's own low-precision result by more than the roundings of float32 arithmetic
and of the result.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from .samples import Sample

Loss = Callable[..., Tensor]

# Above so many elements gradcheck takes random projections of the Jacobian instead of the whole.
WHOLE_JACOBIAN = 24
# What torch warns of: in its losses (the check of the value compares these warnings with ours), and when forward-mode
# differentiation first loads its decompositions.
TORCHS_WARNINGS = (
    "size_average and reduce|reduction: 'mean' divides|reduction='elementwise_mean'|`torch.jit.script` is deprecated"
)


def value(loss: Loss, sample: Sample) -> None:
    """Value, shape, dtype and warnings are torch's."""
    with warnings.catch_warnings(record=True) as ours:
        warnings.simplefilter("always")
        result = sample.call(loss)
    with warnings.catch_warnings(record=True) as theirs:
        warnings.simplefilter("always")
        expected = sample.torchs().call(sample.torch_loss)
    assert list(map(_opening, ours)) == list(map(_opening, theirs)), f"{sample}: warnings"
    with ignoring_torchs_warnings():
        truth = sample.torchs().to(torch.float64).call(sample.torch_loss)
    _assert_no_worse(sample, "value", result, expected, truth)


def gradient(loss: Loss, sample: Sample) -> None:
    """Gradients in all that torch differentiates are torch's, for a random gradient of the result."""
    ours, theirs = gradients(loss, sample), gradients(sample.torch_loss, sample.torchs())
    truths = gradients(sample.torch_loss, sample.torchs().to(torch.float64))
    for name, *results in zip(sample.differentiable(), ours, theirs, truths, strict=True):
        _assert_no_worse(sample, f"gradient in {name}", *results)


def noncontiguous(loss: Loss, sample: Sample) -> None:
    """The strides of the tensors change nothing."""
    strided = sample.noncontiguous()
    with ignoring_torchs_warnings():
        pairs = [(strided.call(loss), sample.call(loss))]
    pairs += zip(gradients(loss, strided), gradients(loss, sample), strict=True)
    for ours, expected in pairs:
        torch.testing.assert_close(ours, expected, equal_nan=True, msg=lambda text: f"{sample}: {text}")


def first_derivative(loss: Loss, sample: Sample) -> None:
    """Reverse, forward and batched derivatives agree with finite differences."""
    function, leaves = differentiable(loss, sample)
    whole = sum(leaf.numel() for leaf in leaves) <= WHOLE_JACOBIAN
    with ignoring_torchs_warnings():
        gradcheck(function, leaves, check_forward_ad=True, check_batched_grad=True, fast_mode=not whole)


def second_derivative(loss: Loss, sample: Sample) -> None:
    """The derivatives of the gradient agree with finite differences, forward over reverse too."""
    function, leaves = differentiable(loss, sample)
    with ignoring_torchs_warnings():
        gradgradcheck(function, leaves, check_fwd_over_rev=True, check_batched_grad=True, fast_mode=True)


VALUE_CHECKS = {"value": value, "gradient": gradient, "noncontiguous": noncontiguous}
DERIVATIVE_CHECKS = {"first derivative": first_derivative, "second derivative": second_derivative}


@contextmanager
def ignoring_torchs_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", TORCHS_WARNINGS)
        yield


def gradients(loss: Loss, sample: Sample) -> tuple[Tensor, ...]:
    """Gradients in the differentiable arguments, for a gradient of the result that is the same in every dtype."""
    leaves = sample.leaves()
    with ignoring_torchs_warnings():
        result = sample.call(loss, **leaves)
    generator = torch.Generator().manual_seed(7)
    # Multiples of 1/8 are exact in every dtype.
    grad_output = torch.randint(-16, 17, result.shape, generator=generator) / 8 + 1 / 16
    return torch.autograd.grad(result, tuple(leaves.values()), grad_output.to(result.dtype))


def differentiable(loss: Loss, sample: Sample) -> tuple[Loss, tuple[Tensor, ...]]:
    """The sample as a function of its differentiable arguments, and these."""
    leaves = sample.leaves()
    if sample.loss == "binary_cross_entropy" and not ((sample.target > 1e-3) & (sample.target < 1 - 1e-3)).all():
        del leaves["target"]  # a finite difference would leave [0, 1], and be refused
    return lambda *values: sample.call(loss, **dict(zip(leaves, values, strict=True))), tuple(leaves.values())


def _opening(warning: warnings.WarningMessage) -> tuple[type[Warning], str]:
    return warning.category, str(warning.message)[:60]


def _assert_no_worse(sample: Sample, what: str, ours: Tensor, theirs: Tensor, truth: Tensor) -> None:
    """``ours`` is as near to ``truth`` as ``theirs``, roundings granted; in float64 the two agree."""
    what = f"{what} of {sample}"
    assert ours.dtype == theirs.dtype, f"{what}: {ours.dtype} instead of {theirs.dtype}"
    if ours.dtype == torch.float64:
        torch.testing.assert_close(
            ours, theirs, rtol=1e-11, atol=1e-13, equal_nan=True, msg=lambda text: f"{what}: {text}"
        )
        return
    assert ours.shape == theirs.shape, f"{what}: {ours.shape} instead of {theirs.shape}"
    assert torch.equal(ours.isnan(), truth.isnan()), f"{what}: {ours} instead of {truth}"
    error, their_error = ((x.double() - truth).abs() for x in (ours, theirs))
    excess = error - their_error.nan_to_num(torch.inf) - _granted(sample, truth, ours.dtype)
    assert not (excess > 0).any(), f"{what}: {ours} and torch's {theirs}; the truth is {truth}"


def _granted(sample: Sample, truth: Tensor, dtype: torch.dtype) -> Tensor:
    """Roundings: one of the result; of float32 arithmetic, where exp(z) carries that of z; and of torch's float64."""
    spread = sample.input.double().nan_to_num(0.0).abs().amax() if sample.input.numel() else 0.0
    size = truth.abs()
    return (
        torch.finfo(dtype).eps * size
        + 4 * 2**-23 * (1 + spread) * _terms(sample, size)
        + torch.finfo(dtype).tiny
        + 1e-14
    )


def _terms(sample: Sample, size: Tensor) -> Tensor:
    """A difference such as p - t, or t log t - t x, is as exact as its terms."""
    if sample.loss == "kl_div":
        return size + 1.0
    return size if sample.is_indexed and not sample.kwargs.get("label_smoothing") else size + _largest(size)


def _largest(size: Tensor) -> Tensor | float:
    return size.nan_to_num(0.0, posinf=0.0).amax() if size.numel() else 0.0
