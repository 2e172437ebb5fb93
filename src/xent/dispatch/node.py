"""A loss as one node of autograd's graph."""

from typing import Any

import torch
from torch import Tensor

from xent.backends import native
from xent.core.call import Call, DivergenceCall
from xent.core.logits import IDENTITY
from xent.core.reduce import Divisor, Reduction
from xent.dispatch import modes
from xent.dispatch.links import LINKS, Way

# Stands for a tensor among the fields of a call that are kept for backward.
TENSOR = object()


class Loss(torch.autograd.Function):
    """The gradient is formed with the loss, and handed over by backward.

    Forming it at once lets the logits be changed in place after the loss, as torch's cross entropy does. It is not
    formed early where that would be wrong: hooks on saved tensors (checkpointing, offloading) must see all that is
    kept, float16 gradients divided by a row count would flush to zero before a loss scale reaches them, and of rows
    that are not reduced the gradient is not known. Where it is formed early, it may take the place of the logits.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, way: Way, call: Call, reduction: Reduction, inplace: bool) -> Tensor:
        """The result, with the gradient where it can be formed already."""
        ctx.way = way
        if reduction.kind == "none" or logits.dtype == torch.float16 or modes.has_saved_tensor_hooks():
            ctx.gradient, ctx.gave_up_logits = None, False
            result, ctx.divisor = way.loss(call, reduction)
        else:
            result, gradient, ctx.divisor = way.loss_and_gradient(call, reduction, inplace)
            ctx.gradient, ctx.gave_up_logits = gradient, inplace
            if inplace:
                ctx.gradient = gradient.detach()
                torch.autograd.graph.increment_version(logits)
        transform = IDENTITY if isinstance(call, DivergenceCall) else call.transform
        # The transform's tensors are kept to notice a change to them.
        settings = [] if transform is IDENTITY else transform.tensors
        ctx.save_for_backward(*(value for value in call if isinstance(value, Tensor)), *settings)
        ctx.rebuild = (type(call), tuple(TENSOR if isinstance(value, Tensor) else value for value in call))
        return result

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        """The gradient in the logits."""
        return _gradient(ctx, grad_output), None, None, None, None


def _gradient(ctx: Any, grad_output: Tensor) -> Tensor:
    differentiable = modes.must_differentiate(grad_output)
    if ctx.gradient is not None and not differentiable:
        return hand_over(ctx, grad_output)
    saved = iter(ctx.saved_tensors)
    call_type, fields = ctx.rebuild
    call = call_type(*(next(saved) if field is TENSOR else field for field in fields))
    if ctx.gave_up_logits:
        raise RuntimeError(
            "the logits are gone, their gradient stands in their place: with `inplace_gradient` there is neither a "
            "second derivative nor a batched gradient. Pass inplace_gradient=False."
        )
    return kernel_or_formula(call, ctx.way, ctx.divisor, grad_output, differentiable)


def kernel_or_formula(call: Call, way: Way, divisor: Divisor, grad_output: Tensor, differentiable: bool) -> Tensor:
    """The gradient in the logits, formed now: by a formula where it has to be differentiable or tensors are special."""
    # Hooks may have brought back other tensors than were saved.
    if differentiable or not modes.all_plain(call) or native.serves(call) is not None:
        way = LINKS[type(call)].formulas
    return way.gradient(call, divisor, grad_output)


def hand_over(ctx: Any, grad_output: Tensor) -> Tensor:
    """The gradient formed in forward, times ``grad_output``; given away, not copied, if this backward is the last."""
    gradient: Tensor = ctx.gradient
    if modes.keeps_graph():
        return gradient * grad_output.to(gradient.dtype)
    ctx.gradient = None
    # Reading grad_output would wait for a GPU; there, scaling is a kernel that follows in the stream.
    if grad_output.is_cpu and grad_output.item() == 1.0:
        return gradient
    return gradient.mul_(grad_output)
