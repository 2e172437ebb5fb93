"""The plain call: class indices for the rows of a contiguous matrix, and no settings.

It is the most frequent one, and the smaller it is the more it matters what happens around the kernel: its plan is
written down directly, without a layout to be found.
"""

import torch
from torch import Tensor

from xent.backends.native import module, softmax
from xent.backends.native.layout import CODES
from xent.backends.native.plans import ABSENT, LOG, MEAN, Outcome, SoftmaxPlan
from xent.backends.native.results import KINDS, new_gradient
from xent.backends.native.serves import DTYPES, MOST_CLASSES
from xent.core.call import SoftmaxCall

IS_THERE = module.NATIVE is not None
# What lies in the plan between the fields that a plain call fills in.
FIELDS = SoftmaxPlan._fields
FURTHER_VIEWS = tuple(ABSENT) * (FIELDS.index("reduction") - FIELDS.index("probabilities"))
FURTHER_NUMBERS = (0.0, 1.0, 0.0, 0.0, 0.0, *LOG)  # divisor, grad_output, smoothing, z_loss, softcap, event


def loss(
    logits: Tensor, target: Tensor, ignore_index: int, kind: str, dtype: torch.dtype, gradient: Tensor | None
) -> tuple[Tensor, float]:
    """The result, and what the sum of the rows was divided by; the gradient is written where there is room for it."""
    result = logits.new_empty((), dtype=dtype)
    rows, classes = logits.shape
    code, reduction = CODES[logits.dtype], KINDS[kind]
    total, divisor, bad, bad_operand = module.NATIVE.softmax(
        (
            (rows, classes, 1),
            (logits.data_ptr(), code, classes, 1, 0),
            ABSENT if gradient is None else (gradient.data_ptr(), code, classes, 1, 0),
            ABSENT,
            (result.data_ptr(), CODES[dtype], 0, 0, 0),
            (target.data_ptr(), 0, 1, 0, 0),
            FURTHER_VIEWS,
            (reduction, 1, ignore_index),
            FURTHER_NUMBERS,
        )
    )
    if bad >= 0 or bad_operand:
        call = SoftmaxCall(logits, target, True, 1, ignore_index=ignore_index)
        softmax.checked(call, Outcome(total, divisor, bad, bad_operand))
    return result, divisor if reduction == MEAN else 1.0


__all__ = ["DTYPES", "IS_THERE", "MOST_CLASSES", "loss", "new_gradient"]
