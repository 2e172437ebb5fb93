"""How far the contestants are from torch's loss in float32. A time without a right result would say little."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from xent.bench.contestants import XENT, Contestant
from xent.bench.errors import DisagreementError
from xent.bench.losses import Criterion, Inputs, Loss

# A check for gross errors, not of accuracy. Relative to the loss and to the largest gradient.
_TOLERANCE = {torch.float32: 1e-3, torch.bfloat16: 5e-2, torch.float16: 1e-2}


@dataclass(frozen=True)
class Difference:
    """A contestant's error.

    Attributes:
        loss: Relative to the loss; None if it is not finite.
        gradient: Relative to the largest gradient; None if it is not finite.
        tolerable: Whether both are what the dtype explains.
    """

    loss: float | None
    gradient: float | None
    tolerable: bool


def differences(contestants: Mapping[str, Contestant], loss: Loss, inputs: Inputs) -> dict[str, Difference]:
    """The errors of all contestants. A rival may be wrong: torch's mean of many rows is nan in float16.

    Args:
        contestants: By name.
        loss: Which loss it is.
        inputs: With an input that requires grad.

    Raises:
        DisagreementError: If xent is wrong.
    """
    truth = _evaluate(loss.build_torch(reduction=loss.reduction, **_float32(inputs).keywords), _float32(inputs))
    found = {
        name: _difference(_evaluate(contestant.reduced, inputs), truth, inputs.input.dtype)
        for name, contestant in contestants.items()
    }
    if not found[XENT].tolerable:
        ours = found[XENT]
        raise DisagreementError(f"xent is wrong: error of the loss {ours.loss}, of the gradient {ours.gradient}")
    return found


def _float32(inputs: Inputs) -> Inputs:
    def widened(value: object) -> object:
        return value.float() if isinstance(value, Tensor) and value.is_floating_point() else value

    return Inputs(
        inputs.input.detach().float().requires_grad_(),
        inputs.target.float() if inputs.target.is_floating_point() else inputs.target,
        {name: widened(value) for name, value in inputs.keywords.items()},
    )


def _evaluate(criterion: Criterion, inputs: Inputs) -> tuple[float, Tensor]:
    loss = criterion(inputs.input, inputs.target)
    (gradient,) = torch.autograd.grad(loss, inputs.input)
    return float(loss.detach()), gradient


def _difference(found: tuple[float, Tensor], truth: tuple[float, Tensor], dtype: torch.dtype) -> Difference:
    loss = abs(found[0] - truth[0]) / abs(truth[0])
    # Up to two of the smallest steps of a dtype, which is all that a tiny gradient is resolved to, count as none.
    smallest_step = torch.finfo(dtype).tiny * torch.finfo(dtype).eps
    largest = float((found[1] - truth[1]).abs().amax())
    gradient = max(largest - 2 * smallest_step, 0.0) / float(truth[1].abs().amax())
    tolerance = _TOLERANCE[dtype]
    # nan is below nothing.
    tolerable = loss <= tolerance and gradient <= tolerance
    return Difference(_finite(loss), _finite(gradient), tolerable)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
