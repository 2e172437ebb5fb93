"""XE308: one pos_weight for each class, and the classes are not the last axis."""

import torch
from torch import Tensor

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule
from xent.linter.statistics import line

# Fewer points lie on a line by chance: their weights must be the inverse odds themselves.
CLASSES = 4

# How strictly and how steeply the odds must fall with the weights along the second axis; along the last, they fall by
# less than this part of that.
CORRELATION, SLOPE, PART = -0.9, -0.3, 1 / 3

# With fewer classes, on logarithmic scales: how near the weights must be to the inverse odds along the second axis, how
# far apart from one another, and how many times as far from those along the last (mean squares). A class needs so many
# elements of either side along both.
NEAR, APART, FARTHER, LEAST = 0.7, 1.0, 4.0, 10


@rule(
    "XE308",
    "pos-weight-along-the-wrong-axis",
    Severity.ERROR,
    losses=("binary_cross_entropy_with_logits",),
    fix="""
    # (C, 1, 1) broadcasts along the classes of (B, C, H, W)
    loss = xent.binary_cross_entropy_with_logits(logits, target, pos_weight=pos_weight[:, None, None])
    """,
)
def pos_weight_along_the_wrong_axis(call: Call) -> Evidence | None:
    """pos_weight has one number a class, and the classes are the second axis: it broadcasts along the last.

    Why:
        Broadcasting aligns the last axes, so that of an image (B, C, H, W) every column gets a weight, not every
        class. torch raises unless W = C; then it is silent, and the weights depend on the place in the image.

    Told by:
        ``pos_weight`` has one axis, the input three or more. Its length is that of the second axis and not of the
        last; or of both, and along the second axis the odds of the positives fall with the weights (slope of the
        logarithms -.3 or steeper, correlation below -.9), and along the last by less than a third of that. With two or
        three classes the weights must be the inverse odds along the second axis, within a factor of 2, and be
        twice as far from those along the last.
    """
    weight, shape = call.pos_weight, call.input.shape
    if weight is None or weight.ndim != 1 or len(shape) < 3 or len(weight) != shape[1] or len(weight) == 1:
        return None
    numbers = {"classes": float(shape[1]), "last": float(shape[-1])}
    if shape[-1] != shape[1]:
        return Evidence(
            f"`pos_weight` has {len(weight)} numbers, as the second axis of the input {tuple(shape)}; it broadcasts "
            f"along the last, which has {shape[-1]}",
            numbers,
        )
    return _silent(weight, call.target.detach(), shape, numbers)


def _silent(weight: Tensor, target: Tensor, shape: torch.Size, numbers: dict[str, float]) -> Evidence | None:
    if target.shape != shape or not bool((weight > 0).all()):
        return None
    logs = weight.detach().double().cpu().log()
    along_second, along_last = (_log_odds(target, axis) for axis in (1, -1))
    second, last = line(logs, along_second), line(logs, along_last)
    if len(weight) < CLASSES:
        told = _is_inverse(logs, along_second, along_last) and _has_both(target)
    else:
        told = second.correlation <= CORRELATION and second.slope <= SLOPE and last.slope >= PART * second.slope
    if not told:
        return None
    return Evidence(
        f"`pos_weight` broadcasts along the last axis of the input {tuple(shape)}, and was made for the second: there "
        f"the odds of the positives go like weight^{second.slope:.2f}, along the last like weight^{last.slope:.2f}",
        {**numbers, "along_second": second.slope, "along_last": last.slope},
        probable=True,
    )


def _is_inverse(logs: Tensor, along_second: Tensor, along_last: Tensor) -> bool:
    """Whether a few weights are the inverse odds along the second axis, and not those along the last."""
    near, far = (logs + along_second).square(), (logs + along_last).square()
    apart = float(logs.max() - logs.min())
    return apart >= APART and float(near.max()) <= NEAR**2 and float(far.mean()) >= FARTHER * float(near.mean())


def _has_both(target: Tensor) -> bool:
    """Whether there are positives and negatives enough at each place along both axes."""
    at_each = [target.movedim(axis, 0).flatten(1) for axis in (1, -1)]
    return all(
        bool((side.sum(1, dtype=torch.float64) >= LEAST).all()) for at in at_each for side in (at > 0.5, at <= 0.5)
    )


def _log_odds(target: Tensor, axis: int) -> Tensor:
    """Of the positives along an axis; half an element of either side keeps them finite."""
    at = target.movedim(axis, 0).flatten(1)
    positives = at.sum(1, dtype=torch.float64).cpu()
    return torch.log((positives + 0.5) / (at.shape[1] - positives + 0.5))
