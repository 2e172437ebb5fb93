"""Has the losses computed by a backend that a test means, and sees to it that it was that one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import torch
from torch import Tensor

from xent.backends import native
from xent.backends.native import module, plain

KERNELS = ("plain", "softmax", "zlpr", "sigmoid", "pointwise", "survey")
BUILT = module.NATIVE


class Counted:
    """The module, and how often its kernels have been called."""

    def __init__(self) -> None:
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        if name in KERNELS:
            self.calls += 1
        return getattr(BUILT, name)


@contextmanager
def kernels() -> Iterator[Counted]:
    """The losses within are computed by kernels."""
    counted = Counted()
    with mock.patch.object(module, "NATIVE", counted):
        yield counted
    assert counted.calls > 0, native.state().absence or "the kernels were not called"


@contextmanager
def formulas() -> Iterator[None]:
    """The losses within are computed by the reference."""
    absent = mock.patch.object(module, "ABSENCE", "left out by a test")
    with absent, mock.patch.object(plain, "IS_THERE", False):
        yield


@contextmanager
def instruction_set(name: str) -> Iterator[None]:
    """Kernels within are those for an instruction set."""
    before = BUILT.instruction_set()
    BUILT.use(name)
    try:
        assert BUILT.instruction_set() == name
        yield
    finally:
        BUILT.use(before)


def loss_and_gradient(loss: Callable[[Tensor], Tensor], logits: Tensor) -> tuple[Tensor, Tensor]:
    """The result, and its gradient given numbers that differ, so that no row is taken for another."""
    leaf = logits.detach().requires_grad_()
    result = loss(leaf)
    (gradient,) = torch.autograd.grad(result, leaf, torch.linspace(0.5, 2, result.numel()).view_as(result).to(result))
    return result.detach(), gradient


def assert_agrees(loss: Callable[[Tensor], Tensor], logits: Tensor) -> None:
    """By kernels as by the formulas, in the layout that is given."""
    with kernels():
        result, gradient = loss_and_gradient(loss, logits)
    with formulas():
        expected, expected_gradient = loss_and_gradient(loss, logits)
    assert gradient.dtype == logits.dtype
    tolerance = 4 * torch.finfo(logits.dtype).eps
    half = torch.finfo(logits.dtype).bits == 16
    torch.testing.assert_close(result, expected, rtol=max(tolerance, 1e-12), atol=tolerance)
    torch.testing.assert_close(gradient, expected_gradient, rtol=tolerance, atol=tolerance * (0.1 if half else 1.0))
