"""What is done with a loss: the ways in which it is called in training and in evaluation."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from xent.bench.contestants import Contestant

Call = Callable[[], object]


@dataclass(frozen=True)
class Data:
    """Input, target, and the gradient of the unreduced loss that comes from above."""

    input: Tensor
    target: Tensor
    grad_output: Tensor


def _forward_backward(contestant: Contestant, data: Data) -> Call:
    loss, input, target = contestant.reduced, data.input, data.target

    def call() -> None:
        loss(input, target).backward()  # type: ignore[no-untyped-call]
        # Each pays for releasing its own gradient, and the next starts without one.
        input.grad = None

    return call


def _forward(contestant: Contestant, data: Data) -> Call:
    loss, input, target = contestant.reduced, data.input, data.target

    def call() -> None:
        with torch.no_grad():
            loss(input, target)

    return call


def _scaled_backward(contestant: Contestant, data: Data) -> Call:
    loss, input, target = contestant.reduced, data.input, data.target

    def call() -> None:
        (0.5 * loss(input, target)).backward()  # type: ignore[no-untyped-call]
        input.grad = None

    return call


def _unreduced_backward(contestant: Contestant, data: Data) -> Call:
    loss, input, target, grad_output = contestant.unreduced, data.input, data.target, data.grad_output

    def call() -> None:
        loss(input, target).backward(grad_output)  # type: ignore[no-untyped-call]
        input.grad = None

    return call


@dataclass(frozen=True, eq=False)
class Workload:
    """A way to call a loss: its name, its title, and how a contestant is made to do it."""

    name: str
    title: str
    of: Callable[[Contestant, Data], Call]


FORWARD_BACKWARD = Workload("forward_backward", "Forward and backward", _forward_backward)
FORWARD = Workload("forward", "Forward under no_grad", _forward)

WORKLOADS = {
    workload.name: workload
    for workload in (
        FORWARD_BACKWARD,
        FORWARD,
        Workload("scaled_backward", "Forward and backward of 0.5 * loss", _scaled_backward),
        Workload("unreduced_backward", "Forward and backward, reduction 'none'", _unreduced_backward),
    )
}
