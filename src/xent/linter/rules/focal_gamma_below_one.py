"""XE402: a focal loss whose gradient is nan where the model is sure."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule

# A logit at which the probability rounds to 1 in float32, and to 0 on the other side.
SATURATED = 200.0


@rule(
    "XE402",
    "focal-gamma-below-one",
    Severity.ERROR,
    losses=("other",),
    fix="""
    criterion = xent.FocalLoss(gamma=0.5)  # its gradient is a closed form, and finite everywhere
    """,
)
def focal_gamma_below_one(call: Call) -> Evidence | None:
    """A focal loss with gamma between 0 and 1 has nan gradients for rows that are learned.

    Why:
        The gradient is nan from the first row on whose probability rounds to 1. The derivative of (1-p)^gamma has the
        factor (1-p)^(gamma-1), which is infinite at p = 1, times a derivative of 0. It comes late in training, when
        the model is sure of a row, and takes all parameters with it.

    Told by:
        The loss is a module that is neither torch's nor xent's, with a ``gamma`` in (0, 1). It is tried out: a copy
        of it is given two rows of its own, of which one is learned. Said only if the gradient is nan.
    """
    gamma = getattr(call.module, "gamma", None)
    if not isinstance(call.module, torch.nn.Module) or not isinstance(gamma, (int, float)) or not 0 < gamma < 1:
        return None
    logits, target = _two_rows(call)
    gradient = _tried(call.module, logits, target)
    if gradient is None or not bool(torch.isnan(gradient).any()):
        return None
    return Evidence(
        f"with gamma={gamma:g} the gradient of {call.name} is nan for a row with a logit of {SATURATED:g} at its label "
        "and 0 elsewhere",
        {"gamma": float(gamma), "logit": SATURATED},
    )


def _two_rows(call: Call) -> tuple[Tensor, Tensor]:
    """A row that is learned and one that is not, with targets of the kind that the call has."""
    classes = max(call.facts.classes, 1)
    label = torch.tensor([0, classes - 1], device=call.input.device)
    hot = torch.nn.functional.one_hot(label, classes)
    if call.facts.has_indices:
        logits = hot * torch.tensor([[SATURATED], [0.0]], device=call.input.device)
        return logits, label
    return (2 * hot - 1) * torch.tensor([[SATURATED], [1.0]], device=call.input.device), hot.to(call.target.dtype)


def _tried(module: Callable[..., Any], logits: Tensor, target: Tensor) -> Tensor | None:
    """The gradient that a copy of the loss gives; None if it does not take such rows."""
    logits = logits.detach().requires_grad_()
    try:
        with torch.enable_grad(), torch.random.fork_rng(devices=[]):
            loss = copy.deepcopy(module)(logits, target).sum()
            return torch.autograd.grad(loss, logits)[0]
    except Exception:  # somebody else's code, tried out: whatever it raises says that it cannot be told
        return None
