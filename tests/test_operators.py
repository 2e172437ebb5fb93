"""The registered operators: compiled, traced, exported, differentiated."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch._subclasses import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx

import xent
from tests import test_settings as table
from tests.backends import kernels, loss_and_gradient
from tests.losses import EVERY_LOSS, LABELS, numbers
from xent.core.call import SoftmaxCall
from xent.dispatch.arguments import flat


@pytest.fixture
def _fresh_compiler() -> None:
    """Variants of one loss would else count as its recompilations, of which there may be few."""
    torch.compiler.reset()


def operators(graph: torch.fx.Graph) -> list[str]:
    names = (str(node.target) for node in graph.nodes if node.op == "call_function")
    return [name for name in names if name.startswith("xent.")]


@EVERY_LOSS
@pytest.mark.usefixtures("_fresh_compiler")
@pytest.mark.parametrize("reduction", ["sum", "none"])
def test_compiled(loss: Callable[..., Tensor], reduction: str) -> None:
    z = numbers(5, 4)
    compiled = torch.compile(lambda z: loss(z, reduction=reduction), fullgraph=True, backend="aot_eager")
    with kernels():
        traced = loss_and_gradient(compiled, z)
    eager = loss_and_gradient(lambda z: loss(z, reduction=reduction), z)
    torch.testing.assert_close(traced, eager)


@pytest.mark.parametrize(("target", "settings"), table.SOFTMAX_CASES)
def test_operators_take_every_setting(target: Tensor, settings: dict[str, Any]) -> None:
    settings = table._in(torch.float64, settings)
    z = table._numbers(table.ROWS, table.CLASSES, seed=7)
    graph = make_fx(lambda z: xent.cross_entropy(z, target, **settings))(z)
    assert operators(graph.graph) == ["xent.softmax.default"]
    torch.testing.assert_close(graph(z), xent.cross_entropy(z, target, **settings), rtol=0, atol=0)


@pytest.mark.parametrize("settings", table.SIGMOID_CASES)
def test_operators_take_every_binary_setting(settings: dict[str, Any]) -> None:
    settings = table._in(torch.float64, settings)
    z = table._numbers(table.ROWS, table.CLASSES, seed=7)
    graph = make_fx(lambda z: xent.binary_cross_entropy_with_logits(z, table.BINARY_TARGET, **settings))(z)
    assert operators(graph.graph) == ["xent.sigmoid.default"]
    expected = xent.binary_cross_entropy_with_logits(z, table.BINARY_TARGET, **settings)
    torch.testing.assert_close(graph(z), expected, rtol=0, atol=0)


@EVERY_LOSS
def test_second_derivatives_are_traced(loss: Callable[..., Tensor]) -> None:
    z = numbers(5, 4, dtype=torch.float64)

    def product(z: Tensor) -> Tensor:
        z = z.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(loss(z * z), z, create_graph=True)
        return torch.autograd.grad(gradient.square().sum(), z)[0]

    graph = make_fx(product)(z)
    assert len(operators(graph.graph)) == 1
    torch.testing.assert_close(graph(z), product(z))


@EVERY_LOSS
def test_fake_tensors(loss: Callable[..., Tensor]) -> None:
    for reduction in ("sum", "none"):
        expected = loss(numbers(5, 4), reduction=reduction)
        with FakeTensorMode(allow_non_fake_inputs=True) as mode:
            fake = loss(mode.from_tensor(torch.empty(5, 4)), reduction=reduction)
        assert (fake.shape, fake.dtype, fake.stride()) == (expected.shape, expected.dtype, expected.stride())


class Network(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.criterion = xent.CrossEntropyLoss(label_smoothing=0.1)

    def forward(self, z: Tensor, label: Tensor) -> Tensor:
        return self.criterion(z, label)


def test_exported() -> None:
    z = numbers(5, 4)
    program = torch.export.export(Network(), (z, LABELS))
    assert operators(program.graph) == ["xent.softmax.default"]
    torch.testing.assert_close(program.module()(z, LABELS), Network()(z, LABELS))


def test_compiled_labels_out_of_range() -> None:
    compiled = torch.compile(lambda z, y: xent.cross_entropy(z, y), fullgraph=True, backend="aot_eager")
    with pytest.raises(IndexError, match="Target 4 is out of bounds"):
        compiled(torch.zeros(2, 4), torch.tensor([0, 4]))


def test_operators_are_well_formed() -> None:
    call = SoftmaxCall(numbers(5, 4).requires_grad_(), LABELS, True, 1)
    settings = (*flat(call), "mean", None, None, torch.float32, True)
    torch.library.opcheck(torch.ops.xent.softmax.default, settings)
