"""The links between losses and their computation, by the type of the call."""

from typing import Protocol

from torch import Tensor

from xent.backends import native, reference
from xent.backends.reference.links import Formulas
from xent.core.call import (
    Call,
    DivergenceCall,
    LogProbabilityCall,
    ProbabilityCall,
    SigmoidCall,
    SoftmaxCall,
    ZLPRCall,
)
from xent.core.reduce import Divisor, Reduction


class Way(Protocol):
    """What a backend has for a link."""

    def loss(self, call: Call, reduction: Reduction) -> tuple[Tensor, Divisor]:
        """The result, and what the sum of the rows was divided by."""

    def loss_and_gradient(self, call: Call, reduction: Reduction, inplace: bool) -> tuple[Tensor, Tensor, Divisor]:
        """The result, its gradient in the logits (in their place, if so wanted), and the divisor."""

    def gradient(self, call: Call, divisor: Divisor, grad_output: Tensor) -> Tensor:
        """The gradient in the logits, given that in the result."""


class Link:
    """The ways to compute a loss; every loss has formulas."""

    def __init__(self, name: str, formulas: Formulas, kernel: Way | None = None) -> None:
        self.name = name
        self.formulas = formulas
        self.kernel = kernel


LINKS: dict[type, Link] = {
    SoftmaxCall: Link("softmax", reference.SOFTMAX, native.SOFTMAX),
    ZLPRCall: Link("zlpr", reference.ZLPR, native.ZLPR),
    SigmoidCall: Link("sigmoid", reference.SIGMOID, native.SIGMOID),
    LogProbabilityCall: Link("log_probabilities", reference.LOG_PROBABILITIES),
    ProbabilityCall: Link("probabilities", reference.PROBABILITIES, native.PROBABILITIES),
    DivergenceCall: Link("divergence", reference.DIVERGENCE, native.DIVERGENCE),
}
