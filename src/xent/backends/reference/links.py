"""The backend's side of the contract: the loss, the loss with its gradient, and the gradient alone, for each link."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from xent.backends.reference.probabilities import (
    bce_gradient,
    bce_rows,
    kl_gradient,
    kl_rows,
    nll_gradient,
    nll_rows,
)
from xent.backends.reference.sigmoid import sigmoid_gradient, sigmoid_rows, sigmoid_rows_and_gradient
from xent.backends.reference.softmax import softmax_gradient, softmax_rows, softmax_rows_and_gradient
from xent.backends.reference.zlpr import zlpr_gradient, zlpr_rows, zlpr_rows_and_gradient
from xent.core.call import Call
from xent.core.reduce import Divisor, Reduction, denominator, reduce_rows


class Formulas:
    """The loss of rows, its gradient in the logits, and both at once, as differentiable formulas."""

    def __init__(
        self,
        rows: Callable[[Any], Tensor],
        rows_gradient: Callable[[Any, Tensor], Tensor],
        rows_and_gradient: Callable[[Any, Tensor], tuple[Tensor, Tensor]] | None = None,
    ) -> None:
        self.rows = rows
        self.rows_gradient = rows_gradient
        self.rows_and_gradient = rows_and_gradient

    def loss(self, call: Call, reduction: Reduction) -> tuple[Tensor, Divisor]:
        """The result, and what the sum of the rows was divided by."""
        divisor = denominator(call, reduction.kind, reduction.normalizer)
        return reduce_rows(self.rows(call), divisor).to(reduction.dtype), divisor

    def loss_and_gradient(self, call: Call, reduction: Reduction, inplace: bool) -> tuple[Tensor, Tensor, Divisor]:
        """The result, its gradient in the logits (in their place, if so wanted), and the divisor."""
        divisor = denominator(call, reduction.kind, reduction.normalizer)
        row_grad = _row_gradient(call.logits.new_ones(()), divisor)
        if self.rows_and_gradient is not None:
            rows, gradient = self.rows_and_gradient(call, row_grad)
        else:
            rows, gradient = self.rows(call), self.rows_gradient(call, row_grad)
        result = reduce_rows(rows, divisor).to(reduction.dtype)
        return result, call.logits.copy_(gradient) if inplace else gradient, divisor

    def gradient(self, call: Call, divisor: Divisor, grad_output: Tensor) -> Tensor:
        """The gradient in the logits, given that in the result. Differentiable."""
        return self.rows_gradient(call, _row_gradient(grad_output, divisor))


SOFTMAX = Formulas(softmax_rows, softmax_gradient, softmax_rows_and_gradient)
ZLPR = Formulas(zlpr_rows, zlpr_gradient, zlpr_rows_and_gradient)
SIGMOID = Formulas(sigmoid_rows, sigmoid_gradient, sigmoid_rows_and_gradient)
LOG_PROBABILITIES = Formulas(nll_rows, nll_gradient)
PROBABILITIES = Formulas(bce_rows, bce_gradient)
DIVERGENCE = Formulas(kl_rows, kl_gradient)


def _row_gradient(grad_output: Tensor, divisor: Divisor) -> Tensor:
    """Gradient in every row's loss, float32 at least."""
    wide = grad_output.to(torch.promote_types(grad_output.dtype, torch.float32))
    return wide if divisor is None else wide / divisor
