"""The plain call: class indices for the rows of a contiguous matrix, and no settings.

It is the most frequent one, and the smaller it is the more it matters what happens around the kernel: the module makes
its plan from a few numbers, without a layout to be found.
"""

import torch
from torch import Tensor

from xent.backends.native import module, softmax
from xent.backends.native.layout import CODES
from xent.backends.native.plans import MEAN, Outcome
from xent.backends.native.results import KINDS, new_gradient
from xent.backends.native.serves import DTYPES, MOST_CLASSES
from xent.core.call import SoftmaxCall

IS_THERE = module.NATIVE is not None


def loss(
    logits: Tensor,
    target: Tensor,
    shape: tuple[int, int],
    ignore_index: int,
    kind: str,
    dtype: torch.dtype,
    gradient: Tensor | None,
) -> tuple[Tensor, float]:
    """The result, and what the sum of the rows was divided by; the gradient is written where there is room for it."""
    given = logits.dtype
    code, reduction = CODES[given], KINDS[kind]
    result = logits.new_empty(()) if dtype is given else logits.new_empty((), dtype=dtype)
    rows, classes = shape
    divisor = module.NATIVE.plain(
        logits.data_ptr(),
        code,
        rows,
        classes,
        0 if gradient is None else gradient.data_ptr(),
        result.data_ptr(),
        code if dtype is given else CODES[dtype],
        target.data_ptr(),
        ignore_index,
        reduction,
    )
    if type(divisor) is tuple:
        softmax.checked(SoftmaxCall(logits, target, True, 1, ignore_index=ignore_index), Outcome(*divisor))
    return result, divisor if reduction == MEAN else 1.0


__all__ = ["DTYPES", "IS_THERE", "MOST_CLASSES", "loss", "new_gradient"]
