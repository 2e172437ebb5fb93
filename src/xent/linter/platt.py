"""Logistic regression of every column on its own logit, which tells a shift from a wrong temperature."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

# Newton's steps, none longer than 1.
STEPS = 40

# A weak pull towards (1, 0), so that columns that are separated perfectly have an optimum, too.
RIDGE = 1e-2


class Platt(NamedTuple):
    """The fit sigmoid(slope * z + shift), each of shape (C,).

    Attributes:
        slope: 1 where the temperature is right.
        shift: 0 where positives are predicted as often as they come.
        error: Standard error of the shift.
        fitted: Mean loss of the fit in nats.
    """

    slope: Tensor
    shift: Tensor
    error: Tensor
    fitted: Tensor


def platt(logits: Tensor, target: Tensor) -> Platt:
    """Fit every column by itself.

    Args:
        logits: (R, C), float64.
        target: 0 and 1, of the same shape and type.
    """
    slope, shift = logits.new_ones(logits.shape[1]), logits.new_zeros(logits.shape[1])
    error = shift
    for _ in range(STEPS):
        p = torch.sigmoid(slope * logits + shift)
        weight = p * (1 - p)
        to_slope = ((target - p) * logits).sum(0) - RIDGE * (slope - 1)
        to_shift = (target - p).sum(0) - RIDGE * shift
        aa = (weight * logits.square()).sum(0) + RIDGE
        ab, bb = (weight * logits).sum(0), weight.sum(0) + RIDGE
        determinant = aa * bb - ab.square()
        step_slope = (bb * to_slope - ab * to_shift) / determinant
        step_shift = (aa * to_shift - ab * to_slope) / determinant
        length = torch.maximum(step_slope.abs(), step_shift.abs()).clamp(min=1)
        slope, shift = slope + step_slope / length, shift + step_shift / length
        error = (aa / determinant).sqrt()
        if float(torch.maximum(step_slope.abs(), step_shift.abs()).max()) < 1e-6:
            break
    fitted = F.binary_cross_entropy_with_logits(slope * logits + shift, target, reduction="none").mean(0)
    return Platt(slope, shift, error, fitted)
