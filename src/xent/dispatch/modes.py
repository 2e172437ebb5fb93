"""What torch is doing at the moment: the only questions to it that need private names (pinned by tests)."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, is_grad_enabled
from torch._C import _are_functorch_transforms_active, _len_torch_dispatch_stack
from torch._C._autograd import _get_current_graph_task_keep_graph, _top_saved_tensors_default_hooks
from torch._C._functorch import is_legacy_batchedtensor
from torch.autograd import forward_ad
from torch.compiler import is_compiling

from xent.core.call import Call, DivergenceCall
from xent.core.logits import IDENTITY

PLAIN_TYPES = (Tensor, torch.nn.Parameter)


def is_transformed() -> bool:
    """Whether a torch.func transform is active or a forward-mode level is open."""
    return _are_functorch_transforms_active() or forward_ad._current_level >= 0


def is_jit_tracing() -> bool:
    """Whether torch.jit.trace runs."""
    return torch._C._is_tracing()


def intercepts() -> bool:
    """Whether a dispatch mode sees every operation: make_fx, FakeTensorMode."""
    return _len_torch_dispatch_stack() > 0


def are_on() -> bool:
    """Whether anything but plain eager computation goes on, torch.compile aside."""
    return is_transformed() or is_jit_tracing() or intercepts()


def describe() -> str:
    """What goes on that has operations be seen one by one."""
    if is_transformed():
        return "a torch.func transform or forward-mode differentiation is active"
    if is_jit_tracing() or intercepts() or is_compiling():
        return "the call is traced"
    return "a tensor is a subclass, a meta tensor or a lazy negation"


def sees_operators(call: Call) -> bool:
    """Whether what traces a call takes an operator as a whole: a compiler or a dispatch mode, and no transform.

    Subclasses that wrap tensors want to see operations that they know.
    """
    if is_transformed() or not (is_compiling() or intercepts()):
        return False
    return not any(hasattr(value, "__tensor_flatten__") for value in call if isinstance(value, Tensor))


def has_saved_tensor_hooks() -> bool:
    """Whether what a node saves passes through hooks: checkpointing, offloading."""
    return _top_saved_tensors_default_hooks(True) is not None


def keeps_graph() -> bool:
    """Within a backward: whether another may follow."""
    return _get_current_graph_task_keep_graph()


def all_plain(call: Call) -> bool:
    """Whether every tensor holds its values itself: no subclass, meta tensor, or lazy negation."""
    if not all(is_plain(value) for value in call if isinstance(value, Tensor)):
        return False
    if isinstance(call, DivergenceCall) or call.transform is IDENTITY:
        return True
    return all(is_plain(value) for value in call.transform.tensors)


def is_plain(value: Tensor) -> bool:
    """Whether a tensor holds its values itself."""
    return (
        type(value) in PLAIN_TYPES
        and value.layout is torch.strided
        and not (value.is_meta or value.is_neg() or value._is_zerotensor())
    )


def must_differentiate(grad_output: Tensor) -> bool:
    """Within a backward: whether it has to be a differentiable formula."""
    return (
        is_grad_enabled()
        or type(grad_output) is not Tensor
        or _are_functorch_transforms_active()
        or forward_ad._current_level >= 0
        or is_compiling()
        or is_legacy_batchedtensor(grad_output)
        or _len_torch_dispatch_stack() > 0
    )


def autocasts(device: str) -> bool:
    """Whether autocast is on for a kind of device."""
    return torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device)


def apply_of(function: type[torch.autograd.Function]) -> Callable[..., Tensor]:
    """``function.apply`` for when no transform is active: without what it does for transforms."""
    applied: Callable[..., Tensor] = super(torch.autograd.Function, function).apply  # type: ignore[misc]
    return applied


def below_autograd(operator: Callable[..., Any], keyset: Any, *arguments: Any) -> Any:
    """What the kernel below autograd gives, called from an operator's kernel for autograd."""
    with torch._C._AutoDispatchBelowAutograd():
        return operator.redispatch(keyset & torch._C._after_autograd_keyset, *arguments)  # type: ignore[attr-defined]
