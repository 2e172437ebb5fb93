"""The backend's side of the contract: the loss, the loss with its gradient, and the gradient alone, for each link."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from xent.backends.native import pointwise, sigmoid, softmax
from xent.backends.native.plans import MEAN, NONE, Outcome
from xent.backends.native.results import Work, new_gradient, new_result, reduced
from xent.core.call import Call
from xent.core.reduce import Divisor, Reduction


class Kernel:
    """A kernel, and whether it can write the gradient in the place of a call's logits."""

    def __init__(self, run: Callable[[Any, Work], Outcome], fits: Callable[[Any], bool]) -> None:
        self.run = run
        self.fits = fits

    def loss(self, call: Call, reduction: Reduction) -> tuple[Tensor, Divisor]:
        """The result, and what the sum of the rows was divided by."""
        result = new_result(call, reduction)
        return result, _divisor(self.run(call, reduced(reduction, result)), reduction)

    def loss_and_gradient(self, call: Call, reduction: Reduction, inplace: bool) -> tuple[Tensor, Tensor, Divisor]:
        """The result, its gradient in the logits (in their place, if so wanted), and the divisor."""
        result = new_result(call, reduction)
        there = inplace and self.fits(call)
        gradient = call.logits if there else new_gradient(call.logits)
        outcome = self.run(call, reduced(reduction, result, gradient))
        if inplace and not there:
            gradient = call.logits.copy_(gradient)
        return result, gradient, _divisor(outcome, reduction)

    def gradient(self, call: Call, divisor: Divisor, grad_output: Tensor) -> Tensor:
        """The gradient in the logits, given that in the result."""
        gradient = new_gradient(call.logits)
        if divisor is None:
            work = Work(NONE, gradient=gradient, row_gradient=grad_output)
        else:
            work = Work(MEAN, float(divisor), gradient=gradient, grad_output=float(grad_output))
        self.run(call, work)
        return gradient


SOFTMAX = Kernel(softmax.run, softmax.fits)
ZLPR = Kernel(softmax.run_zlpr, softmax.fits)
SIGMOID = Kernel(sigmoid.run, sigmoid.fits)
PROBABILITIES = Kernel(pointwise.run_binary, pointwise.fits)
DIVERGENCE = Kernel(pointwise.run_divergence, pointwise.fits)


def _divisor(outcome: Outcome, reduction: Reduction) -> Divisor:
    if reduction.kind == "none":
        return None
    return 1.0 if reduction.kind == "sum" else outcome.divisor
