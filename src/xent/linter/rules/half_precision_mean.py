"""XE502: torch adds up float16 losses in float16, and stops at 65504."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from xent.linter.call import OF_LABELS, Call
from xent.linter.finding import Evidence, Severity
from xent.linter.plain import plain_losses
from xent.linter.rule import rule

# A reported value this close to the true one (3 %) was not computed in float16.
CLOSE = 0.03

# Losses that are added up on trial, at most; what happens at 65520 has happened by then.
MOST = 1 << 20


@rule(
    "XE502",
    "half-precision-mean",
    Severity.ERROR,
    losses=OF_LABELS,
    fix="""
    loss = xent.cross_entropy(logits, target)  # adds up in float64; with reduction="sum", pass logits.float()
    """,
)
def half_precision_mean(call: Call) -> Evidence | None:
    """A cross entropy of torch's, of float16 logits, does not survive the addition over this many rows.

    Why:
        The loss is nan, inf or 0, and from 65520 rows on all gradients are 0: nothing is learned. torch counts and adds
        up the rows in the input's type (measured on the CPU), and float16 ends at 65504; beyond, the mean divides by
        inf. bfloat16 does not overflow, but rounds: the cross entropy of equal logits over 50257 classes came out as
        10.9375 in place of 10.8249. A percent of it is common, so that this rule does not report it.

    Told by:
        float16 logits, torch's own function or module without weights, and its reduction tried out on losses of this
        size and number. Under autocast torch takes these losses in float32: the finding is probable only, and there is
        none if the reported value is what it should be.
    """
    if call.input.dtype != torch.float16 or call.weight is not None or not call.is_torchs:
        return None
    if call.reduction not in ("mean", "sum"):
        return None
    losses = _losses(call)
    if losses is None or not bool(losses.isfinite().all()):
        return None
    expected = float(losses.mean() if call.reduction == "mean" else losses.sum())
    if call.value is not None and math.isclose(float(call.value.detach()), expected, rel_tol=CLOSE):
        return None
    value, gradient = _tried(losses.half(), call.reduction)
    if bool(value.isfinite()) and bool(gradient.any()):
        return None
    learns = "" if bool(gradient.any()) else ", and every gradient is 0"
    return Evidence(
        f"the {call.reduction} of {len(losses)} losses in float16 is {float(value):g} "
        f"in place of {expected:.5g}{learns}",
        {"rows": float(len(losses)), "expected": expected, "value": float(value)},
        probable=call.value is None,
    )


def _losses(call: Call) -> Tensor | None:
    """The losses of all rows that count; those of the sample, over and over, where there are more."""
    seen = plain_losses(call, sampled=True)
    if seen is None or call.facts.label_counts is None or not len(seen.values):
        return None
    rows = min(MOST, int(call.facts.label_counts.sum()))
    return seen.values.repeat(-(-rows // len(seen.values)))[:rows]


def _tried(losses: Tensor, reduction: str) -> tuple[Tensor, Tensor]:
    """What torch makes of these losses, and the gradient: the second half of its cross entropy, with one class."""
    with torch.enable_grad():
        leaf = (-losses[:, None]).requires_grad_()
        value = F.nll_loss(leaf, torch.zeros(len(losses), dtype=torch.int64, device=leaf.device), reduction=reduction)
        (gradient,) = torch.autograd.grad(value, leaf)
    return value.detach(), gradient
