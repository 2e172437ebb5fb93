"""The private names of torch that dispatch uses: all of them, that they exist, and what they say."""

import ast
from pathlib import Path

import pytest
import torch
from torch.autograd import forward_ad
from torch.func import grad, vmap

from xent import dispatch
from xent.dispatch.modes import apply_of

SOURCES = Path(dispatch.__file__).parent.glob("*.py")
PRIVATE = {
    "torch._C._AutoDispatchBelowAutograd",
    "torch._C._after_autograd_keyset",
    "torch._C._are_functorch_transforms_active",
    "torch._C._autograd._get_current_graph_task_keep_graph",
    "torch._C._autograd._top_saved_tensors_default_hooks",
    "torch._C._functorch.is_legacy_batchedtensor",
    "torch._C._is_tracing",
    "torch._C._len_torch_dispatch_stack",
    "forward_ad._current_level",
    "value._is_zerotensor",
}
OWN = {"call", "call_type", "ctx"}


def _private_names(source: str) -> set[str]:
    """Dotted names with an underscored part, longest first seen, as attributes or imported."""
    nodes = list(ast.walk(ast.parse(source)))
    names = {ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute)}
    imports = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    names |= {f"{node.module}.{name.name}" for node in imports for name in node.names}
    private = {name for name in names if "._" in name and "__init__" not in name and name.split(".")[0] not in OWN}
    return {name for name in private if not any(other.startswith(name + ".") for other in private)}


def test_the_list_of_private_names_is_complete():
    assert set().union(*(_private_names(file.read_text(encoding="utf-8")) for file in SOURCES)) == PRIVATE


def test_transforms_are_seen():
    active = torch._C._are_functorch_transforms_active
    seen = []

    def spy(x):
        seen.append(active())
        return x.sum()

    assert not active()
    grad(spy)(torch.ones(2))
    vmap(spy)(torch.ones(2, 2))
    assert seen == [True, True]


@pytest.mark.filterwarnings("ignore:`torch.jit.*is deprecated:DeprecationWarning")
def test_tracing_is_seen():
    seen = []

    def spy(x):
        seen.append(torch._C._is_tracing())
        return x + 1

    assert not torch._C._is_tracing()
    torch.jit.trace(spy, torch.ones(2), check_trace=False)
    assert bool(seen[0])


def test_forward_mode_is_seen():
    assert forward_ad._current_level < 0
    with forward_ad.dual_level():
        assert forward_ad._current_level >= 0


def test_dispatch_modes_are_seen():
    assert torch._C._len_torch_dispatch_stack() == 0
    with torch._subclasses.FakeTensorMode():
        assert torch._C._len_torch_dispatch_stack() == 1


def test_hooks_on_saved_tensors_are_seen():
    top = torch._C._autograd._top_saved_tensors_default_hooks
    assert top(True) is None
    with torch.autograd.graph.save_on_cpu():
        assert top(True) is not None


class _Spy(torch.autograd.Function):
    """The identity; backward notes what the private names say."""

    @staticmethod
    def forward(ctx, x, seen):
        ctx.seen = seen
        return x.clone()

    @staticmethod
    def backward(ctx, grad_output):
        keeps = torch._C._autograd._get_current_graph_task_keep_graph()
        ctx.seen.append((keeps, torch._C._functorch.is_legacy_batchedtensor(grad_output)))
        return grad_output, None


def test_a_node_is_made_without_what_is_for_transforms():
    seen, x = [], torch.ones(2, requires_grad=True)
    result = apply_of(_Spy)(x, seen)
    assert type(result.grad_fn).__name__ == type(_Spy.apply(x, seen).grad_fn).__name__
    result.sum().backward()
    assert torch.equal(x.grad, torch.ones(2))


@pytest.mark.parametrize("retain", [False, True])
def test_retained_graphs_are_seen(retain):
    seen = []
    _Spy.apply(torch.ones(2, requires_grad=True), seen).sum().backward(retain_graph=retain)
    assert seen == [(retain, False)]


def test_batched_gradients_are_seen():
    seen, x = [], torch.ones(2, requires_grad=True)
    torch.autograd.grad(_Spy.apply(x, seen), x, torch.eye(2), is_grads_batched=True)
    assert [batched for _, batched in seen] == [True]


def test_zero_tensors_are_seen():
    assert torch._efficientzerotensor((2,))._is_zerotensor()
    assert not torch.zeros(2)._is_zerotensor()
