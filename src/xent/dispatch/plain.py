"""The short way of the plain call: class indices for the rows of a matrix, no settings, eager, on the CPU.

Whether a call is plain is decided by a few attributes, each of which several checks would else ask for. All that the
checks of such a call could find is a label out of range, and the kernel finds that. The questions stand in one function
and not in several, since of a small batch they are the larger part of the time.
"""

from typing import Any

import torch
from torch import Tensor, is_grad_enabled
from torch._C import _are_functorch_transforms_active, _is_tracing, _len_torch_dispatch_stack
from torch.autograd import forward_ad
from torch.compiler import is_compiling
from torch.overrides import has_torch_function_variadic

from xent.backends import native
from xent.backends.native import plain
from xent.core.call import SoftmaxCall
from xent.dispatch import inquiry, modes
from xent.dispatch.node import hand_over, kernel_or_formula

RESULT_DTYPES = {torch.float32: torch.float32, torch.float64: torch.float64}
KINDS = ("mean", "sum")
INT64, FLOAT16 = torch.int64, torch.float16  # an attribute of torch takes longer to read


def plain_loss(logits: Tensor, target: Tensor, ignore_index: int, kind: str) -> Tensor | None:
    """The loss, or None if this is no plain call."""
    if (
        is_compiling()
        or has_torch_function_variadic(logits, target)
        or type(logits) not in modes.PLAIN_TYPES
        or type(target) is not Tensor
        or not plain.IS_THERE
        or type(ignore_index) is not int
        or kind not in KINDS
        or inquiry.STATE.open
    ):
        return None
    shape, dtype = logits.shape, logits.dtype
    if (
        len(shape) != 2
        or dtype not in plain.DTYPES
        or target.dtype is not INT64
        or target.shape != (shape[0],)
        or not 0 < shape[1] <= plain.MOST_CLASSES
        or not (logits.is_cpu and target.is_cpu and logits.is_contiguous() and target.is_contiguous())
        or logits.is_neg()
        or target.is_neg()
        or _are_functorch_transforms_active()
        or forward_ad._current_level >= 0
        or _is_tracing()
        or _len_torch_dispatch_stack()
    ):
        return None
    if dtype not in RESULT_DTYPES and modes.autocasts("cpu"):
        dtype = torch.float32
    if logits.requires_grad and is_grad_enabled():
        return apply_plain(logits, target, shape, ignore_index, kind, dtype)
    return plain.loss(logits, target, shape, ignore_index, kind, dtype, None)[0]


class PlainLoss(torch.autograd.Function):
    """A plain call as a node, which keeps little; see :class:`xent.dispatch.node.Loss`."""

    @staticmethod
    def forward(
        ctx: Any,
        logits: Tensor,
        target: Tensor,
        shape: tuple[int, int],
        ignore_index: int,
        kind: str,
        dtype: torch.dtype,
    ) -> Tensor:
        """The result, with the gradient where it can be formed already."""
        fuses = logits.dtype is not FLOAT16 and not modes.has_saved_tensor_hooks()
        ctx.gradient = gradient = plain.new_gradient(logits) if fuses else None
        result, ctx.divisor = plain.loss(logits, target, shape, ignore_index, kind, dtype, gradient)
        ctx.save_for_backward(logits, target)
        ctx.ignore_index = ignore_index
        return result

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        """The gradient in the logits."""
        differentiable = modes.must_differentiate(grad_output)
        if ctx.gradient is not None and not differentiable:
            return hand_over(ctx, grad_output), None, None, None, None, None
        logits, target = ctx.saved_tensors
        call = SoftmaxCall(logits, target, True, 1, ignore_index=ctx.ignore_index)
        gradient = kernel_or_formula(call, native.SOFTMAX, ctx.divisor, grad_output, differentiable)
        return gradient, None, None, None, None, None


apply_plain = modes.apply_of(PlainLoss)
