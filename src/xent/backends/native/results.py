"""What kernels are asked for: the tensors they write, and how the losses of rows become the result."""

from typing import NamedTuple

import torch
from torch import Tensor

from xent.backends.native import module
from xent.backends.native.plans import MEAN, NO_MEMORY, NONE, SUM, Outcome
from xent.core.call import Call, SoftmaxCall
from xent.core.reduce import Reduction

KINDS = {"none": NONE, "mean": MEAN, "batchmean": MEAN, "sum": SUM}
# Below this a page fault for every 4 KiB costs less than asking for larger pages.
HUGE_BYTES = 8 << 20


class Work(NamedTuple):
    """What a kernel shall write, and the numbers that go with it."""

    kind: int  # XentReduction
    divisor: float = 0.0  # of the mean; 0: the kernel shall find it
    by_batch: bool = False  # whether the divisor to be found is the number of distributions
    result: Tensor | None = None  # the reduced loss
    rows: Tensor | None = None  # the loss of every row
    gradient: Tensor | None = None
    grad_output: float = 1.0
    row_gradient: Tensor | None = None


def reduced(reduction: Reduction, result: Tensor, gradient: Tensor | None = None) -> Work:
    """The result of a loss, and its gradient if there is a tensor for it."""
    if reduction.kind == "none":
        return Work(NONE, rows=result, gradient=gradient)
    divisor = 0.0 if reduction.normalizer is None else float(reduction.normalizer)
    return Work(KINDS[reduction.kind], divisor, reduction.kind == "batchmean", result, gradient=gradient)


def new_result(call: Call, reduction: Reduction) -> Tensor:
    """Room for the result of a loss; elements lie as those of the logits do."""
    if reduction.kind != "none":
        return torch.empty((), dtype=reduction.dtype, device="cpu")
    if isinstance(call, SoftmaxCall):
        return torch.empty(call.rows_shape, dtype=reduction.dtype, device="cpu")
    return torch.empty_like(call.logits, dtype=reduction.dtype)


def new_gradient(logits: Tensor) -> Tensor:
    """Room for the gradient, in huge pages if it is large: fresh memory is then faulted in 512 times as fast."""
    gradient = torch.empty_like(logits)
    if (size := gradient.nbytes) >= HUGE_BYTES:
        module.NATIVE.advise_huge_pages(gradient.data_ptr(), size)
    return gradient


def checked_memory(outcome: Outcome) -> Outcome:
    """The outcome of a kernel that had the memory it needed."""
    if outcome.bad_operand == NO_MEMORY:
        raise MemoryError("no memory for the kernel's sums.")
    return outcome
