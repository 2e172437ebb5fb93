"""Registered operators: what compilers, exporters and dispatch modes see of a call that a kernel serves.

For each link ``xent::<link>`` forms the loss, with the gradient where it can be formed already, and the divisor;
``xent::<link>_gradient`` forms the gradient where it had to wait. Where backward itself has to be differentiable, it is
the reference's formula, op by op.

They are registered at import, since an exported program may be loaded after that alone: by torch's dispatcher itself,
because ``register_fake`` and ``register_autograd`` would take longer than the rest of the import.
"""

from typing import Any

import torch
from torch import Tensor

from xent.backends import native
from xent.core.call import Call, SoftmaxCall
from xent.core.reduce import Divisor, Reduction
from xent.dispatch import modes, values
from xent.dispatch.arguments import SCHEMAS, call_of, flat
from xent.dispatch.links import LINKS, Way

REDUCTION = "str reduction, float? normalizer, Tensor? normalizer_tensor, ScalarType dtype, bool forms_gradient"
LIBRARY = torch.library.Library("xent", "DEF")  # type: ignore[no-untyped-call]


def operator_loss(call: Call, reduction: Reduction) -> Tensor:
    """The loss of a call, as one operator."""
    wanted = call.logits.requires_grad and torch.is_grad_enabled()
    forms_gradient = wanted and reduction.kind != "none" and call.logits.dtype != torch.float16
    normalizer = reduction.normalizer
    normalizers = (None, normalizer) if isinstance(normalizer, Tensor) else (normalizer, None)
    operator = OPERATORS[type(call)]
    result: Tensor = operator(*flat(call), reduction.kind, *normalizers, reduction.dtype, forms_gradient)[0]
    return result


def _way(call: Call) -> tuple[Call, Way]:
    """How to compute a call: the kernel, unless sizes or settings that were symbols have turned out not to suit it."""
    link = LINKS[type(call)]
    values.check_settings(call)
    if link.kernel is not None and native.serves(call) is None:
        return call, link.kernel
    return values.checked(call), link.formulas


class OperatorNode(torch.autograd.Function):
    """An operator in autograd's graph."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, call_type: type, keyset: Any, *arguments: Any) -> tuple[Tensor, ...]:
        """What the operator gives; it is differentiable in the logits alone."""
        outputs: tuple[Tensor, ...] = modes.below_autograd(OPERATORS[call_type], keyset, logits, *arguments)
        _, formed, divisor = outputs
        ctx.mark_non_differentiable(formed, divisor)
        *others, kind, _, _, _, ctx.forms_gradient = arguments
        fields = [logits, *others]
        ctx.call_type, ctx.is_reduced = call_type, kind != "none"
        ctx.save_for_backward(formed, divisor, *(value if isinstance(value, Tensor) else None for value in fields))
        ctx.fields = [None if isinstance(value, Tensor) else value for value in fields]
        ctx.others = len(arguments) + 2
        return outputs

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor, *_: Any) -> tuple[Tensor | None, ...]:
        """The gradient in the logits."""
        formed, divisor, *tensors = ctx.saved_tensors
        fields = [field if tensor is None else tensor for tensor, field in zip(tensors, ctx.fields, strict=True)]
        divisor = divisor if ctx.is_reduced else None
        if torch.is_grad_enabled():
            call = call_of(ctx.call_type, iter(fields))
            gradient = LINKS[ctx.call_type].formulas.gradient(call, divisor, grad_output)
        elif ctx.forms_gradient:
            gradient = formed * grad_output.to(formed.dtype)
        else:
            gradient = GRADIENT_OPERATORS[ctx.call_type](*fields, divisor, grad_output)
        return gradient, *[None] * ctx.others


def _define(call_type: type) -> Any:
    """Define the operator that forms the loss of a link."""

    def loss(*arguments: Any) -> tuple[Tensor, Tensor, Tensor]:
        call, reduction, forms_gradient = _loss_arguments(call_type, arguments)
        call, way = _way(call)
        if forms_gradient:
            result, gradient, divisor = way.loss_and_gradient(call, reduction, False)
        else:
            gradient = call.logits.new_empty(0)
            result, divisor = way.loss(call, reduction)
        return result, gradient, _tensor(divisor)

    def shapes(*arguments: Any) -> tuple[Tensor, Tensor, Tensor]:
        call, reduction, forms_gradient = _loss_arguments(call_type, arguments)
        gradient = torch.empty_like(call.logits) if forms_gradient else call.logits.new_empty(0)
        return _empty_result(call, reduction), gradient, call.logits.new_empty((), dtype=torch.float64)

    def differentiable(keyset: Any, logits: Tensor, *arguments: Any) -> Any:
        if logits.requires_grad and torch.is_grad_enabled():
            return OperatorNode.apply(logits, call_type, keyset, *arguments)  # type: ignore[no-untyped-call]
        return modes.below_autograd(OPERATORS[call_type], keyset, logits, *arguments)

    name = LINKS[call_type].name
    LIBRARY.define(f"{name}({SCHEMAS[call_type]}, {REDUCTION}) -> (Tensor, Tensor, Tensor)")  # type: ignore[no-untyped-call]
    LIBRARY.impl(name, loss, "CPU")  # type: ignore[no-untyped-call]
    LIBRARY.impl(name, shapes, "Meta")  # type: ignore[no-untyped-call]
    LIBRARY.impl(name, differentiable, "Autograd", with_keyset=True)  # type: ignore[no-untyped-call]
    return getattr(torch.ops.xent, name).default


def _define_gradient(call_type: type) -> Any:
    """Define the operator that forms the gradient of a link where the loss could not."""

    def gradient(*arguments: Any) -> Tensor:
        *fields, divisor, grad_output = arguments
        call, way = _way(call_of(call_type, iter(fields)))
        return way.gradient(call, divisor, grad_output)

    def shape(logits: Tensor, *_: Any) -> Tensor:
        return torch.empty_like(logits)

    name = f"{LINKS[call_type].name}_gradient"
    LIBRARY.define(f"{name}({SCHEMAS[call_type]}, Tensor? divisor, Tensor grad_output) -> Tensor")  # type: ignore[no-untyped-call]
    LIBRARY.impl(name, gradient, "CPU")  # type: ignore[no-untyped-call]
    LIBRARY.impl(name, shape, "Meta")  # type: ignore[no-untyped-call]
    return getattr(torch.ops.xent, name).default


def _loss_arguments(call_type: type, arguments: tuple[Any, ...]) -> tuple[Call, Reduction, bool]:
    *fields, kind, number, tensor, dtype, forms_gradient = arguments
    call = call_of(call_type, iter(fields))
    return call, Reduction(kind, number if tensor is None else tensor, dtype), forms_gradient


def _empty_result(call: Call, reduction: Reduction) -> Tensor:
    if reduction.kind != "none":
        return call.logits.new_empty((), dtype=reduction.dtype)
    if isinstance(call, SoftmaxCall):
        return call.logits.new_empty(call.rows_shape, dtype=reduction.dtype)
    return torch.empty_like(call.logits, dtype=reduction.dtype)


def _tensor(divisor: Divisor) -> Tensor:
    if isinstance(divisor, Tensor):
        return divisor.to(torch.float64, copy=True)
    return torch.tensor(0.0 if divisor is None else divisor, dtype=torch.float64, device="cpu")


OPERATORS = {call_type: _define(call_type) for call_type in SCHEMAS}
GRADIENT_OPERATORS = {call_type: _define_gradient(call_type) for call_type in SCHEMAS}
