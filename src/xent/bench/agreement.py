"""Whether contestants compute the same loss and gradient; if not, their times say nothing."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from xent.bench.contestants import XENT, Contestant
from xent.bench.errors import DisagreementError

# A check for gross errors, not of accuracy: the rivals' own error is part of it. Relative to the loss and to the
# largest gradient.
_TOLERANCE = {torch.float32: 1e-3, torch.bfloat16: 5e-2, torch.float16: 1e-2}


@dataclass(frozen=True)
class Difference:
    """How far a rival is from xent: the loss, and the gradient relative to the largest one."""

    loss: float
    gradient: float


def differences(contestants: Mapping[str, Contestant], input: Tensor, target: Tensor) -> dict[str, Difference]:
    """Compare every rival with xent.

    Raises:
        DisagreementError: If a loss or a gradient differs by more than the dtype and the rival's rounding explain.
    """
    loss, gradient = _evaluate(contestants[XENT], input, target)
    found = {}
    for name, contestant in contestants.items():
        if name == XENT:
            continue
        other_loss, other_gradient = _evaluate(contestant, input, target)
        found[name] = Difference(
            loss=abs(other_loss - loss) / abs(loss),
            gradient=_largest(other_gradient - gradient, input.dtype) / float(gradient.abs().amax()),
        )
        _refuse(name, found[name], _TOLERANCE[input.dtype])
    return found


def _evaluate(contestant: Contestant, input: Tensor, target: Tensor) -> tuple[float, Tensor]:
    loss = contestant.reduced(input, target)
    (gradient,) = torch.autograd.grad(loss, input)
    return float(loss.detach()), gradient


def _largest(difference: Tensor, dtype: torch.dtype) -> float:
    """Up to two of the smallest steps of a dtype, which is all that a tiny gradient is resolved to, count as none."""
    smallest_step = torch.finfo(dtype).tiny * torch.finfo(dtype).eps
    return max(0.0, float(difference.abs().amax()) - 2 * smallest_step)


def _refuse(name: str, difference: Difference, tolerance: float) -> None:
    for what in ("loss", "gradient"):
        amount = getattr(difference, what)
        # Not `>`, which nan would pass.
        if not amount <= tolerance:
            raise DisagreementError(f"the {what} of {name} differs from xent's by {amount:.2%}; not timed")
