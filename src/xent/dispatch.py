"""Chooses how a loss call is computed, and joins it to autograd.

The only room that asks torch about modes, devices and transforms, and the only one that uses private names of
torch (all in this file, pinned by tests). The order of the questions matters:

    a torch.func transform or forward-mode AD is active     -> traced: the reference's formulas, op by op
    compiling, tracing, a dispatch mode, a tensor subclass   -> traced
    a gradient in more than the logits is wanted             -> traced
    no gradient is wanted                                    -> the backend, no autograd node
    else                                                     -> the backend, behind one autograd node

Transforms come first: compiled functions may hold them, and only formulas carry tangents through.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.overrides import handle_torch_function, has_torch_function

from xent.backends import reference
from xent.core import check
from xent.core.call import Call, DivergenceCall, SigmoidCall, SoftmaxCall
from xent.core.facts import Facts
from xent.core.reduce import Normalizer, denominator, reduce_rows
from xent.core.targets import counted

PLAIN_TYPES = (Tensor, torch.nn.Parameter)


@dataclass(frozen=True)
class Link:
    """The functions that a backend has for a link: the loss of rows, its gradient in the logits, and both at once."""

    rows: Callable[[Any], Tensor]
    gradient: Callable[[Any, Tensor], Tensor]
    rows_and_gradient: Callable[[Any, Tensor], tuple[Tensor, Tensor]]


SOFTMAX = Link(reference.softmax_rows, reference.softmax_gradient, reference.softmax_rows_and_gradient)
SIGMOID = Link(reference.sigmoid_rows, reference.sigmoid_gradient, reference.sigmoid_rows_and_gradient)


P = ParamSpec("P")


def overridable(function: Callable[P, Tensor]) -> Callable[P, Tensor]:
    """Let what has ``__torch_function__`` (tensor subclasses, torch.fx proxies, modes) take over a function."""

    @functools.wraps(function)
    def public(*args: P.args, **kwargs: P.kwargs) -> Tensor:
        given = (*args, *kwargs.values())
        if has_torch_function(given):
            result: Tensor = handle_torch_function(public, given, *args, **kwargs)
            return result
        return function(*args, **kwargs)

    return public


def softmax_loss(call: SoftmaxCall, reduction: str, normalizer: Normalizer | None, inplace: bool) -> Tensor:
    """Cross entropy of softmax rows, reduced."""
    if call.smoothing_prior is not None and values_are_readable(call):
        check.prior_values(call.smoothing_prior)
    return _loss(SOFTMAX, _with_labels_read(call), reduction, normalizer, inplace)


def sigmoid_loss(call: SigmoidCall, reduction: str, normalizer: Normalizer | None, inplace: bool) -> Tensor:
    """Binary cross entropy of logits, reduced."""
    if call.smoothing_prior is not None and values_are_readable(call):
        check.unit_interval("smoothing_prior", call.smoothing_prior)
    return _loss(SIGMOID, call, reduction, normalizer, inplace)


def nll_loss(call: SoftmaxCall, reduction: str, normalizer: Normalizer | None) -> Tensor:
    """Negative log-likelihood of log-probabilities, reduced."""
    call = _with_labels_read(call)
    return _reduced(reference.nll_rows(call), call, reduction, normalizer)


def probability_loss(call: SigmoidCall, reduction: str, normalizer: Normalizer | None) -> Tensor:
    """Binary cross entropy of probabilities, reduced."""
    if values_are_readable(call):
        read = counted(call)
        for name, value in (("input", call.logits), ("target", call.target)):
            check.unit_interval(name, value if read is None else value.masked_fill(~read, 0.0))
    return _reduced(reference.bce_rows(call), call, reduction, normalizer)


def divergence_loss(call: DivergenceCall, reduction: str, normalizer: Normalizer | None) -> Tensor:
    """Pointwise KL divergence, reduced."""
    return _reduced(reference.kl_rows(call), call, reduction, normalizer)


def softmax_facts(call: SoftmaxCall) -> Facts:
    """nll, lse, entropy, argmax and rank of the label of every row."""
    return reference.softmax_facts(_with_labels_read(call))


def values_are_readable(call: Call) -> bool:
    """Whether values may be looked at on the host: plain tensors on the CPU, nothing traced or transformed."""
    return call.logits.device.type == "cpu" and not _must_trace(call)


def result_dtype(call: Call) -> torch.dtype:
    """Dtype of the result: that of the logits, promoted with probabilities and their weight; float32 under autocast."""
    dtype = call.logits.dtype
    if call.target.is_floating_point():
        dtype = torch.promote_types(dtype, call.target.dtype)
    if isinstance(call, SoftmaxCall) and not call.indexed and call.weight is not None:
        dtype = torch.promote_types(dtype, call.weight.dtype)
    device = call.logits.device.type
    half = dtype in (torch.float16, torch.bfloat16)
    if half and torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device):
        return torch.float32
    return dtype


def _loss(
    link: Link, call: SoftmaxCall | SigmoidCall, reduction: str, normalizer: Normalizer | None, inplace: bool
) -> Tensor:
    if _must_trace(call) or _differentiates_settings(call):
        return _reduced(link.rows(call), call, reduction, normalizer)
    if not (torch.is_grad_enabled() and call.logits.requires_grad):
        return _reduced(link.rows(call), call, reduction, normalizer)
    result: Tensor = _Loss.apply(call.logits, link, call, reduction, normalizer, inplace)  # type: ignore[no-untyped-call]
    return result


def _with_labels_read(call: SoftmaxCall) -> SoftmaxCall:
    """The call once its labels are known to name classes, rid of what would leave out rows where it leaves out none."""
    if not call.indexed or not values_are_readable(call):
        return call
    read = counted(call)
    check.labels_in_range(call.target, call.logits.shape[call.dim], read, call.ignore_index)
    call = call._replace(labels_known=True)
    return call._replace(ignore_index=None, mask=None) if read is None or bool(read.all()) else call


def _reduced(rows: Tensor, call: Call, reduction: str, normalizer: Normalizer | None) -> Tensor:
    divisor = denominator(call, reduction, normalizer)
    return reduce_rows(rows, divisor).to(result_dtype(call))


class _Loss(torch.autograd.Function):
    """A loss as one node: the gradient is formed with the loss and handed over by backward.

    Forming it at once lets the logits be changed in place after the loss, as torch's cross entropy does. It is not
    formed early where that would be wrong: hooks on saved tensors (checkpointing, offloading) must see all that is
    kept, and float16 gradients divided by a row count would flush to zero before a loss scale reaches them. Where it
    is formed early, it may take the place of the logits.
    """

    @staticmethod
    def forward(
        ctx: Any,
        logits: Tensor,
        link: Link,
        call: Call,
        reduction: str,
        normalizer: Normalizer | None,
        inplace: bool,
    ) -> Tensor:
        ctx.link = link
        ctx.divisor = denominator(call, reduction, normalizer)
        ctx.gradient = None
        ctx.gave_up_logits = False
        if ctx.divisor is None or logits.dtype == torch.float16 or _saved_tensor_hooks_are_on():
            rows = link.rows(call)
        else:
            rows, ctx.gradient = link.rows_and_gradient(call, _row_gradient(logits.new_ones(()), ctx.divisor))
            if inplace:
                ctx.gradient = logits.copy_(ctx.gradient).detach()
                ctx.gave_up_logits = True
        _save_call(ctx, call)
        return reduce_rows(rows, ctx.divisor).to(result_dtype(call))

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        if ctx.gradient is not None and not _must_differentiate(grad_output):
            return _hand_over(ctx, grad_output), None, None, None, None, None
        call = _saved_call(ctx)
        if ctx.gave_up_logits:
            raise RuntimeError(
                "the logits are gone, their gradient stands in their place: with `inplace_gradient` there is neither a "
                "second derivative nor a batched gradient. Pass inplace_gradient=False."
            )
        gradient = ctx.link.gradient(call, _row_gradient(grad_output, ctx.divisor))
        return gradient, None, None, None, None, None


def _row_gradient(grad_output: Tensor, divisor: Tensor | float | None) -> Tensor:
    """Gradient in every row's loss, float32 at least."""
    wide = grad_output.to(torch.promote_types(grad_output.dtype, torch.float32))
    return wide if divisor is None else wide / divisor


def _hand_over(ctx: Any, grad_output: Tensor) -> Tensor:
    """The gradient formed in forward, times ``grad_output``; given away, not copied, if this backward is the last."""
    gradient: Tensor = ctx.gradient
    if torch._C._autograd._get_current_graph_task_keep_graph():
        return gradient * grad_output.to(gradient.dtype)
    ctx.gradient = None
    # Reading grad_output would wait for a GPU; there, scaling is a kernel that follows in the stream.
    if grad_output.device.type == "cpu" and grad_output.item() == 1.0:
        return gradient
    return gradient.mul_(grad_output)


def _save_call(ctx: Any, call: Call) -> None:
    """Keep ``call`` for backward, its tensors where autograd sees changes to them."""
    settings = [] if isinstance(call, DivergenceCall) else call.transform.tensors
    ctx.save_for_backward(*(value if isinstance(value, Tensor) else None for value in call), *settings)
    ctx.call_type = type(call)
    ctx.settings = [None if isinstance(value, Tensor) else value for value in call]


def _saved_call(ctx: Any) -> Any:
    saved = ctx.saved_tensors[: len(ctx.settings)]
    pairs = zip(saved, ctx.settings, strict=True)
    return ctx.call_type(*(setting if tensor is None else tensor for tensor, setting in pairs))


def _must_differentiate(grad_output: Tensor) -> bool:
    """Whether backward has to be a differentiable formula instead of the gradient formed in forward."""
    return (
        torch.is_grad_enabled()
        or _is_transformed()
        or torch.compiler.is_compiling()
        or torch._C._functorch.is_legacy_batchedtensor(grad_output)
        or torch._C._len_torch_dispatch_stack() > 0
    )


def _must_trace(call: Call) -> bool:
    return (
        _is_transformed()
        or torch.compiler.is_compiling()
        or torch._C._is_tracing()
        or torch._C._len_torch_dispatch_stack() > 0
        or not _all_plain(call)
    )


def _is_transformed() -> bool:
    """Whether a torch.func transform is active or a forward-mode level is open."""
    return torch._C._are_functorch_transforms_active() or forward_ad._current_level >= 0


def _all_plain(call: Call) -> bool:
    """Whether every tensor holds its values itself: no subclass, meta tensor, or lazy negation."""
    return all(_is_plain(value) for value in call if isinstance(value, Tensor))


def _is_plain(value: Tensor) -> bool:
    return (
        type(value) in PLAIN_TYPES
        and value.layout is torch.strided
        and not (value.is_meta or value.is_neg() or value._is_zerotensor())
    )


def _differentiates_settings(call: SoftmaxCall | SigmoidCall) -> bool:
    """Whether a gradient is wanted in something else than the logits."""
    if not torch.is_grad_enabled():
        return False
    tensors = (value for value in call[1:] if isinstance(value, Tensor))
    return call.transform.requires_grad or any(value.requires_grad for value in tensors)


def _saved_tensor_hooks_are_on() -> bool:
    return torch._C._autograd._top_saved_tensors_default_hooks(True) is not None
