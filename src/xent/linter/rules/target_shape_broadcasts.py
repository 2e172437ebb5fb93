"""XE212: a target whose shape is not the input's, and the other rows it is compared with."""

import math
from itertools import zip_longest

import torch

from xent.linter.call import ANY_LOSS, Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule

# torch's losses that compare element by element, and broadcast.
BROADCASTING = (torch.nn.MSELoss, torch.nn.L1Loss, torch.nn.SmoothL1Loss, torch.nn.HuberLoss, torch.nn.PoissonNLLLoss)
FUNCTIONS = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "poisson_nll_loss")


@rule(
    "XE212",
    "target-shape-broadcasts",
    Severity.ERROR,
    losses=ANY_LOSS,
    fix="""
    target = target.reshape(logits.shape)  # class indices: target.squeeze(1)
    """,
)
def target_shape_broadcasts(call: Call) -> Evidence | None:
    """The target's shape differs from the input's by an axis of length 1, or altogether.

    Why:
        Every row is compared with the labels of all rows, unless the loss refuses to. (N, 1) against (N,) broadcasts
        to (N, N), and the best such a loss can do is to predict the mean of the labels. Binary cross entropy
        and cross entropy refuse it; squared errors, KL divergences and most losses that are written by hand do not.

    Told by:
        Binary losses: any difference of shape. Cross entropy: one label a row, with an axis of length 1 in the place
        of the classes. Others: target and input broadcast to something larger than the input; that is "probably"
        unless the loss is one of torch's, and indices are left alone.
    """
    if call.is_binary:
        return _refused(call) if call.input.shape != call.target.shape else None
    if call.loss in ("cross_entropy", "nll_loss"):
        return _refused(call) if _has_kept_axis(call) else None
    return _broadcast(call)


def _has_kept_axis(call: Call) -> bool:
    """Whether there is one label a row, and the class axis was kept at length 1."""
    kept = list(call.input.shape)
    if len(kept) < 2 or call.facts.classes == 1:
        return False
    kept[call.dim] = 1
    return list(call.target.shape) == kept


def _refused(call: Call) -> Evidence:
    """What torch raises an error for, and the reshape to write."""
    input, target = call.input, call.target
    change = f"target.reshape({tuple(input.shape)})" if input.numel() == target.numel() else ""
    if not call.is_binary:
        change = f"target.squeeze({call.dim})"
    advice = f": pass {change}" if change else ""
    return Evidence(f"{_shapes(call)}, which is refused{advice}", _numbers(call))


def _broadcast(call: Call) -> Evidence | None:
    """What is compared with every row."""
    indices = not call.target.is_floating_point()
    if call.input.shape == call.target.shape or (indices and call.loss == "other" and not _is_elementwise(call)):
        return None
    result = _together(call.input.shape, call.target.shape)
    if math.prod(result) <= call.input.numel():
        return None
    return Evidence(
        f"{_shapes(call)}: together they make {result}",
        {**_numbers(call), "compared": float(math.prod(result))},
        probable=not _is_elementwise(call),
    )


def _together(first: torch.Size, second: torch.Size) -> tuple[int, ...]:
    """The shape that both broadcast to; () if they do not."""
    pairs = list(zip_longest(reversed(first), reversed(second), fillvalue=1))
    if any(1 not in pair and pair[0] != pair[1] for pair in pairs):
        return ()
    return tuple(max(pair) if 0 not in pair else 0 for pair in reversed(pairs))


def _is_elementwise(call: Call) -> bool:
    """Whether it is a loss of torch's that compares element by element."""
    return call.loss == "kl_div" or isinstance(call.module, BROADCASTING) or call.name in FUNCTIONS


def _shapes(call: Call) -> str:
    return f"the input has shape {tuple(call.input.shape)} and the target {tuple(call.target.shape)}"


def _numbers(call: Call) -> dict[str, float]:
    return {"inputs": float(call.input.numel()), "targets": float(call.target.numel())}
