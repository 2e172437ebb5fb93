"""What is remembered of the calls at a place: a few numbers, and no tensor.

Some optimizer steps are followed call by call: how many rows each mean was over, and with what factor it went
backward. That is what gradient accumulation comes down to.
"""

import weakref
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from xent.linter import Call, Loss

# Steps that are remembered, and calls of a place that are followed in one of them.
STEPS = 8
CALLS = 64


@dataclass(eq=False)
class Batch:
    """A mean that was taken in an optimizer step.

    Attributes:
        rows: Rows that it is over.
        factor: What came back to it as its gradient: its weight in what is optimized. None before that.
    """

    rows: int
    factor: float | None = None

    def went_backward(self, gradients: Any) -> None:
        """A hook of the mean's autograd node."""
        gradient = gradients[0]
        if isinstance(gradient, Tensor) and gradient.numel() == 1:
            self.factor = (self.factor or 0.0) + float(gradient)


@dataclass(eq=False)
class Course:
    """What was seen of a loss over time, at one place.

    Attributes:
        loss: Which of torch's functions it is.
        kinds: What its input was, and how often.
        batches: Means of the optimizer step that is under way.
        is_sum: Whether one of them was taken before the one before it went backward: parts of one loss.
        steps: Steps that added up the gradients of several means, the latest last.
    """

    loss: Loss
    kinds: Counter[str] = field(default_factory=Counter)
    batches: list[Batch] = field(default_factory=list)
    is_sum: bool = False
    steps: list[tuple[Batch, ...]] = field(default_factory=list)

    def follow(self, call: Call, result: Tensor) -> None:
        """Take down a mean that may go backward."""
        if len(self.batches) == CALLS or not _is_mean(call, result):
            return
        if self.batches and self.batches[-1].factor is None:
            self.is_sum = True
        batch = Batch(counted_rows(call))
        self.batches.append(batch)
        if result.grad_fn is not None:
            result.grad_fn.register_prehook(batch.went_backward)

    def forget_step(self) -> None:
        """Begin a step anew."""
        self.batches, self.is_sum = [], False

    def end_step(self) -> None:
        """Keep what the step has added up, if it was several means one after the other."""
        if len(self.batches) > 1 and not self.is_sum and self.batches[-1].factor is not None:
            self.steps = [*self.steps, tuple(self.batches)][-STEPS:]
        self.forget_step()


class LastOptimizer:
    """The optimizer that has stepped last: whose gradients say where a step begins."""

    def __init__(self) -> None:
        self._optimizer: weakref.ref[torch.optim.Optimizer] | None = None

    def remember(self, optimizer: torch.optim.Optimizer) -> None:
        """It has stepped."""
        self._optimizer = weakref.ref(optimizer)

    @property
    def is_known(self) -> bool:
        """Whether there is one."""
        return self._optimizer is not None and self._optimizer() is not None

    @property
    def has_no_gradient(self) -> bool:
        """Whether its gradients have been cleared, so that what is added up from now on is a step of its own."""
        optimizer = self._optimizer() if self._optimizer is not None else None
        if optimizer is None:
            return True
        parameters = (parameter for group in optimizer.param_groups for parameter in reversed(group["params"]))
        gradient = next((parameter.grad for parameter in parameters if parameter.grad is not None), None)
        return gradient is None or not bool(gradient.any())


def counted_rows(call: Call) -> int:
    """How many rows (elements, for binary losses) the mean is over."""
    if call.facts.read_labels is not None:
        return len(call.facts.read_labels)
    if call.mask is not None:
        return int(call.mask.sum())
    return call.input.numel() // (1 if call.is_binary else max(call.facts.classes, 1))


def _is_mean(call: Call, result: Tensor) -> bool:
    return call.reduction == "mean" and call.normalizer is None and result.ndim == 0 and result.requires_grad


def kind_of_input(call: Call) -> str | None:
    """What the input is; None where it may be either."""
    facts = call.facts
    if facts.classes < 2 or not facts.rows.numel() or not bool(facts.rows.isfinite().all()):
        return None
    if call.loss == "binary_cross_entropy_with_logits":
        return _kind_of_elements(call)
    if facts.made_by == "SoftmaxBackward0" or facts.rows_are_probabilities:
        return "probabilities"
    if call.loss == "nll_loss" and facts.rows_are_log_probabilities:
        return "log-probabilities"
    return "logits"


def _kind_of_elements(call: Call) -> str | None:
    """Elements that all lie in [0, 1] may be logits, unless a sigmoid is known to have made them."""
    if call.facts.made_by == "SigmoidBackward0":
        return "probabilities"
    if call.facts.made_by_layer or call.facts.lowest < 0 or call.facts.highest > 1:
        return "logits"
    return None
