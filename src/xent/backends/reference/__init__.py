"""The reference backend: plain PyTorch in the shape of the formulas.

It is the oracle of the other backends, what they fall back to, and what higher derivatives, torch.func and tracing
use: every function here is built of differentiable torch operations, without host synchronisation, in-place writes
or data-dependent control flow. Arithmetic is done in float32, or float64 for float64 logits.
"""

from xent.backends.reference.links import DIVERGENCE, LOG_PROBABILITIES, PROBABILITIES, SIGMOID, SOFTMAX, ZLPR
from xent.backends.reference.softmax import softmax_facts

__all__ = ["DIVERGENCE", "LOG_PROBABILITIES", "PROBABILITIES", "SIGMOID", "SOFTMAX", "ZLPR", "softmax_facts"]
