"""XE107: whether kl_div's target holds logarithms is said by `log_target`, and not by the target."""

import torch
from torch import Tensor

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule

# By how much the exponentials of a row may exceed 1 (its log-sum 0) in code that clips or mixes: 5 %.
SLACK = 0.05


@rule(
    "XE107",
    "kl-target-in-logs",
    Severity.ERROR,
    losses=("kl_div",),
    fix="""
    loss = xent.kl_div(log_q, log_p, reduction="batchmean", log_target=True)  # both sides in logarithms
    """,
)
def kl_target_in_logs(call: Call) -> Evidence | None:
    """The target of kl_div is in logarithms without `log_target=True`, or in probabilities with it.

    Why:
        The loss is nan, or no divergence. Without `log_target=True` kl_div takes the logarithm of the target, which
        negative numbers do not have; with it, it takes the exponential, which makes of probabilities numbers
        between 1 and e.

    Told by:
        Numbers below 0 in a target that is not said to be in logarithms; a row whose exponentials sum to more than
        1.05 in one that is (those of probabilities sum to C at least).
    """
    targets = call.facts.targets
    if targets is None or not targets.numel():
        return None
    return _exponentials(targets, call) if call.log_target else _logarithms(targets)


def _logarithms(targets: Tensor) -> Evidence | None:
    """Logarithms that are not said to be some."""
    below = int((targets < 0).sum())
    if not below:
        return None
    lowest = float(torch.nan_to_num(targets, nan=0.0).min())
    return Evidence(
        f"{below} of the {targets.numel()} numbers of the target are below 0, down to {lowest:.4g}, "
        "and log_target is False: their logarithm, and the loss, is nan",
        {"below": float(below), "lowest": lowest},
    )


def _exponentials(targets: Tensor, call: Call) -> Evidence | None:
    """Probabilities, or other numbers that are no logarithms of some, that are said to be."""
    highest = float(torch.nan_to_num(targets, nan=0.0).max())
    log_sum = float(torch.nan_to_num(targets.logsumexp(-1), nan=-torch.inf).max())
    if not log_sum > SLACK + call.facts.log_tolerance:
        return None
    total = float(targets.exp().sum(-1).mean())
    return Evidence(
        f"log_target is True, and the target holds no logarithms of probabilities: its numbers go up to {highest:.4g}, "
        f"their exponentials sum to {total:.4g} a row instead of 1",
        {"highest": highest, "row_sum": total},
    )
