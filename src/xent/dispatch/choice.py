"""Chooses how a loss call is computed.

The order of the questions matters:

    a torch.func transform or forward-mode AD is active     -> the reference's formulas, op by op
    torch.compile runs, or a dispatch mode is on             -> one registered operator, where a kernel serves
    torch.jit traces, or a tensor is not plain               -> the formulas, op by op
    a gradient in more than the logits is wanted             -> the formulas
    no gradient is wanted                                    -> the backend, no autograd node
    else                                                     -> the backend, behind one autograd node

Transforms come first: compiled functions may hold them, and only formulas carry tangents through.
"""

import torch
from torch import Tensor

from xent.backends import native
from xent.core.call import Call, DivergenceCall, SoftmaxCall
from xent.core.reduce import Normalizer, Reduction
from xent.dispatch import inquiry, modes, values
from xent.dispatch.links import LINKS, Way
from xent.dispatch.node import Loss
from xent.dispatch.operators import operator_loss


def loss(call: Call, kind: str, normalizer: Normalizer | None = None, inplace: bool = False) -> Tensor:
    """The loss of a call, reduced."""
    link = LINKS[type(call)]
    reduction = Reduction(kind, normalizer, result_dtype(call))
    if must_trace(call):
        if inquiry.STATE.open:
            inquiry.answer(modes.describe())
        if link.kernel is not None and modes.sees_operators(call) and why_formulas(call) is None:
            return operator_loss(call, reduction)
        return link.formulas.loss(call, reduction)[0]
    values.check_settings(call)
    reason = why_formulas(call)
    if inquiry.STATE.open:
        inquiry.answer(reason)
    way: Way = link.formulas
    if reason is None and link.kernel is not None:
        way = link.kernel
    elif values_are_readable(call):
        call = values.checked(call)
    if not torch.is_grad_enabled() or differentiates_settings(call) or not call.logits.requires_grad:
        return way.loss(call, reduction)[0]
    return Loss.apply(call.logits, way, call, reduction, inplace)  # type: ignore[no-any-return,no-untyped-call]


def must_trace(call: Call) -> bool:
    """Whether the formulas' operations have to be seen, one by one."""
    return (
        modes.is_transformed()
        or torch.compiler.is_compiling()
        or modes.is_jit_tracing()
        or modes.intercepts()
        or not modes.all_plain(call)
    )


def values_are_readable(call: Call) -> bool:
    """Whether values may be looked at on the host: plain tensors on the CPU, nothing traced or transformed."""
    return call.logits.is_cpu and not must_trace(call)


def why_formulas(call: Call) -> str | None:
    """Why the reference computes an eager call; None if kernels do."""
    if differentiates_settings(call):
        return "a gradient in something else than the input is wanted, which only the formulas have"
    return native.serves(call)


def differentiates_settings(call: Call) -> bool:
    """Whether a gradient is wanted in something else than the logits."""
    if not torch.is_grad_enabled():
        return False
    if not isinstance(call, DivergenceCall) and call.transform.requires_grad:
        return True
    return any(value.requires_grad for value in call[1:] if isinstance(value, Tensor))


def result_dtype(call: Call) -> torch.dtype:
    """Dtype of the result: that of the logits, promoted with probabilities and their weight; float32 under autocast."""
    dtype = call.logits.dtype
    if call.target.is_floating_point():
        dtype = torch.promote_types(dtype, call.target.dtype)
    if isinstance(call, SoftmaxCall) and not call.indexed and call.weight is not None:
        dtype = torch.promote_types(dtype, call.weight.dtype)
    half = dtype in (torch.float16, torch.bfloat16)
    return torch.float32 if half and modes.autocasts(call.logits.device.type) else dtype
