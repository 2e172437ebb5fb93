"""The reference backend: plain PyTorch in the shape of the formulas.

It is the oracle of the other backends, what they fall back to, and what higher derivatives, torch.func and tracing
use: every function here is built of differentiable torch operations, without host synchronisation, in-place writes
or data-dependent control flow. Arithmetic is done in float32, or float64 for float64 logits.
"""

from xent.backends.reference.probabilities import bce_rows, kl_rows, nll_rows
from xent.backends.reference.sigmoid import sigmoid_gradient, sigmoid_rows, sigmoid_rows_and_gradient
from xent.backends.reference.softmax import (
    softmax_facts,
    softmax_gradient,
    softmax_rows,
    softmax_rows_and_gradient,
)

__all__ = [
    "bce_rows",
    "kl_rows",
    "nll_rows",
    "sigmoid_gradient",
    "sigmoid_rows",
    "sigmoid_rows_and_gradient",
    "softmax_facts",
    "softmax_gradient",
    "softmax_rows",
    "softmax_rows_and_gradient",
]
