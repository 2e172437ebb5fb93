"""What holds wherever torch's losses can be used: under transforms, tracing, compilation, and every use of a graph.

Each check takes the loss under test and a case, and compares with torch's loss used in the same way.
"""

import functools
import gc
import weakref
from collections.abc import Callable
from typing import ClassVar

import pytest
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.func import grad, hessian, jvp, vmap
from torch.fx.experimental.proxy_tensor import make_fx
from torch.overrides import TorchFunctionMode
from torch.utils.checkpoint import checkpoint

from .checks import Loss, ignoring_torchs_warnings
from .samples import Sample

assert_close = functools.partial(torch.testing.assert_close, rtol=1e-10, atol=1e-12)


@functools.cache
def cases() -> dict[str, Sample]:
    """A few calls of every loss, in float64, by name. The input of each may be halved, and its rows reversed."""
    generator = torch.Generator().manual_seed(11)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    z, w = normal(4, 3), normal(3).exp()
    y = torch.tensor([0, 2, 1, 2])
    ignored = torch.tensor([0, -100, 1, 2])
    settings = {"weight": w, "label_smoothing": 0.1}
    calls = {
        "labels": ("cross_entropy", z, y, {}),
        "labels, all settings": ("cross_entropy", z, ignored, settings),
        "labels of images": ("cross_entropy", normal(4, 3, 2), y[:, None].repeat(1, 2), {"reduction": "none"}),
        "probabilities": ("cross_entropy", z, normal(4, 3).softmax(1), {**settings, "reduction": "sum"}),
        "log-probabilities": ("nll_loss", z.log_softmax(1), ignored, {"weight": w}),
        "binary probabilities": ("binary_cross_entropy", z.sigmoid(), normal(4, 3).sigmoid(), {"weight": w}),
        "binary logits": ("binary_cross_entropy_with_logits", z, normal(4, 3).sigmoid(), {"pos_weight": w}),
        "binary logits, each": ("binary_cross_entropy_with_logits", z, normal(4, 3).sigmoid(), {"reduction": "none"}),
        "divergence": ("kl_div", z.log_softmax(1), normal(4, 3).softmax(1), {"reduction": "batchmean"}),
        "divergence of logarithms": (
            "kl_div",
            z.log_softmax(1),
            normal(4, 3).log_softmax(1),
            {"reduction": "sum", "log_target": True},
        ),
    }
    return {name: Sample(loss, name, *rest) for name, (loss, *rest) in calls.items()}


def scalar(loss: Loss, case: Sample) -> Callable[..., Tensor]:
    """The case as a function of input and, if given, target; summed with unequal weights if there is one loss a row."""

    def function(input: Tensor, target: Tensor = case.target) -> Tensor:
        result = case.call(loss, input=input, target=target)
        return (result * torch.arange(1.0, result.numel() + 1).reshape(result.shape)).sum()

    return function


def leaf(case: Sample) -> Tensor:
    return case.input.clone().requires_grad_()


def eager_gradient(loss: Loss, case: Sample) -> Tensor:
    x = leaf(case)
    (gradient,) = torch.autograd.grad(scalar(loss, case)(x), x)
    return gradient


# torch.func


def func_grad(loss: Loss, case: Sample) -> None:
    assert_close(grad(scalar(loss, case))(case.input), eager_gradient(case.torch_loss, case))


def batch_of(case: Sample) -> tuple[Tensor, Tensor]:
    """Three cases in one: the case, its rows reversed, and its input halved."""
    inputs = torch.stack([case.input, case.input.flip(0), case.input / 2])
    return inputs, torch.stack([case.target, case.target.flip(0), case.target])


def func_vmap(loss: Loss, case: Sample) -> None:
    inputs, targets = batch_of(case)
    one_by_one = [case.call(case.torch_loss, input=x, target=t) for x, t in zip(inputs, targets, strict=True)]
    batched = vmap(lambda x, t: case.call(loss, input=x, target=t))(inputs, targets)
    assert_close(batched, torch.stack(one_by_one))


def func_vmap_grad(loss: Loss, case: Sample) -> None:
    inputs, targets = batch_of(case)
    function = grad(scalar(case.torch_loss, case))
    one_by_one = [function(x, t) for x, t in zip(inputs, targets, strict=True)]
    assert_close(vmap(grad(scalar(loss, case)))(inputs, targets), torch.stack(one_by_one))


def func_jvp(loss: Loss, case: Sample) -> None:
    tangent = case.input.flip(0) + 0.5
    with ignoring_torchs_warnings():
        ours = jvp(scalar(loss, case), (case.input,), (tangent,))
        theirs = jvp(scalar(case.torch_loss, case), (case.input,), (tangent,))
    assert_close(ours, theirs)


def func_hessian(loss: Loss, case: Sample) -> None:
    with ignoring_torchs_warnings():
        assert_close(hessian(scalar(loss, case))(case.input), hessian(scalar(case.torch_loss, case))(case.input))


# autograd


def batched_backward(loss: Loss, case: Sample) -> None:
    x = leaf(case)
    result = scalar(loss, case)(x)
    grad_outputs = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    (gradients,) = torch.autograd.grad(result, x, grad_outputs, is_grads_batched=True)
    expected = eager_gradient(case.torch_loss, case)
    assert_close(gradients, torch.stack([factor * expected for factor in grad_outputs]))


def scaled_backward(loss: Loss, case: Sample) -> None:
    x = leaf(case)
    (0.5 * scalar(loss, case)(x)).backward()
    assert_close(x.grad, 0.5 * eager_gradient(case.torch_loss, case))


def accumulation(loss: Loss, case: Sample) -> None:
    x = leaf(case)
    for factor in (1.0, 1.0, -3.0):
        (factor * scalar(loss, case)(x)).backward()
    assert_close(x.grad, -eager_gradient(case.torch_loss, case))


def retained_graph(loss: Loss, case: Sample) -> None:
    """Every backward of a retained graph gives the gradient, whatever is done to the ones before."""
    x, expected = leaf(case), eager_gradient(case.torch_loss, case)
    result = case.call(loss, input=x)
    factors = torch.arange(1.0, result.numel() + 1).reshape(result.shape).double()
    for factor in (1.0, -2.0, 1.0):
        (gradient,) = torch.autograd.grad(result, x, factor * factors, retain_graph=True)
        assert_close(gradient, factor * expected)
        gradient.mul_(7.0)
    result.backward(factors)
    assert_close(x.grad, expected)


def second_backward(loss: Loss, case: Sample) -> None:
    """The second backward of a graph that was not retained raises with torch's message."""
    result = case.call(loss, input=leaf(case))
    result.backward(torch.ones_like(result))
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        result.backward(torch.ones_like(result))


def double_backward(loss: Loss, case: Sample) -> None:
    def penalty(loss: Loss) -> tuple[Tensor, Tensor]:
        x = leaf(case)
        (gradient,) = torch.autograd.grad(scalar(loss, case)(x), x, create_graph=True)
        # The loss that is linear in its input has a gradient without a graph; x keeps it differentiable.
        penalty = (gradient * x).sum() + gradient.pow(2).sum()
        (second,) = torch.autograd.grad(penalty, x)
        return gradient.detach(), second

    assert_close(penalty(loss), penalty(case.torch_loss))


def changed_in_place(loss: Loss, case: Sample) -> None:
    """Where torch lets the input be changed after the loss, so do we."""

    def gradient(loss: Loss) -> Tensor:
        x = leaf(case)
        z = x * 1.0
        result = scalar(loss, case)(z)
        z.fill_(0.25)
        (gradient,) = torch.autograd.grad(result, x)
        return gradient

    if case.kwargs.get("reduction") == "none":
        return
    try:
        expected = gradient(case.torch_loss)
    except RuntimeError:
        return
    assert_close(gradient(loss), expected)


def leaves_its_input_alone(loss: Loss, case: Sample) -> None:
    x = leaf(case)
    before = case.map(torch.clone)
    scalar(loss, case)(x).backward()
    torch.testing.assert_close((x.detach(), case.target), (before.input, before.target), rtol=0, atol=0)
    assert x._version == 0


def unused_graph(loss: Loss, case: Sample) -> None:
    """A graph that never runs backward is freed with its result, without the garbage collector."""
    gc.disable()
    try:
        x = leaf(case)
        freed = weakref.ref(x)
        result = case.call(loss, input=x)
        del x, result
        assert freed() is None, "the graph outlives the result"
    finally:
        gc.enable()


def checkpointed(loss: Loss, case: Sample) -> None:
    expected = eager_gradient(case.torch_loss, case)
    for reentrant in (True, False):
        x = leaf(case)
        checkpoint(scalar(loss, case), x, use_reentrant=reentrant).backward()
        assert_close(x.grad, expected)


def offloaded(loss: Loss, case: Sample) -> None:
    x = leaf(case)
    with torch.autograd.graph.save_on_cpu():
        result = scalar(loss, case)(x)
    result.backward()
    assert_close(x.grad, eager_gradient(case.torch_loss, case))


class _UnpackedError(Exception):
    """Raised by a hook on saved tensors."""


def unpacking_raises(saved: object) -> Tensor:
    raise _UnpackedError(saved)


def nothing_escapes_hooks(loss: Loss, case: Sample) -> None:
    """All that the loss keeps for backward passes through the hooks on saved tensors."""
    x = leaf(case)
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: tensor.shape, unpacking_raises):
        result = case.call(loss, input=x)
    with pytest.raises(_UnpackedError):
        torch.autograd.grad(result, x, torch.ones_like(result))


AUTOGRAD = (
    batched_backward,
    scaled_backward,
    accumulation,
    retained_graph,
    second_backward,
    double_backward,
    changed_in_place,
    leaves_its_input_alone,
    unused_graph,
    checkpointed,
    offloaded,
    nothing_escapes_hooks,
)
FUNC = (func_grad, func_vmap, func_vmap_grad, func_jvp, func_hessian)


# Tracing


def meta(loss: Loss, case: Sample) -> None:
    """On the meta device, shapes and dtypes are torch's."""
    abstract = case.map(lambda tensor: tensor.to("meta"))
    x = abstract.input.requires_grad_()
    result, expected = (abstract.call(f, input=x) for f in (loss, case.torch_loss))
    assert (result.shape, result.dtype, result.device) == (expected.shape, expected.dtype, expected.device)
    (gradient,) = torch.autograd.grad(result.sum(), x)
    assert (gradient.shape, gradient.device) == (x.shape, x.device)


def fake(loss: Loss, case: Sample) -> None:
    """On fake tensors, shapes and dtypes are torch's."""
    with FakeTensorMode() as mode:
        abstract = case.map(mode.from_tensor)
        x = abstract.input.requires_grad_()
        result, expected = (abstract.call(f, input=x) for f in (loss, case.torch_loss))
        (gradient,) = torch.autograd.grad(result.sum(), x)
    assert (result.shape, result.dtype) == (expected.shape, expected.dtype)
    assert (gradient.shape, gradient.dtype) == (x.shape, x.dtype)


def other_values(case: Sample, rows: int = 4) -> tuple[Tensor, Tensor]:
    """Input and target to replay a trace with: ``rows`` rows in another order, the input halved."""
    order = torch.arange(rows - 1, -1, -1) % 4
    return case.input[order] / 2, case.target[order]


def traced(loss: Loss, case: Sample) -> None:
    """A make_fx graph of loss and gradient holds for other values, and, traced symbolically, for other sizes."""

    def step(loss: Loss, input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        x = input.detach().requires_grad_()
        result = case.call(loss, input=x, target=target)
        (gradient,) = torch.autograd.grad(result.sum(), x)
        return result, gradient

    for mode, rows in (("real", 4), ("fake", 4), ("symbolic", 6)):
        # The weights are no inputs of the graph, and so no fake tensors.
        trace = make_fx(functools.partial(step, loss), tracing_mode=mode, _allow_non_fake_inputs=True)
        graph = trace(case.input, case.target)
        replayed = other_values(case, rows)
        assert_close(graph(*replayed), step(case.torch_loss, *replayed))


class Criterion(torch.nn.Module):
    """A loss as a module of input and target."""

    def __init__(self, loss: Loss, case: Sample) -> None:
        super().__init__()
        self.loss = loss
        self.case = case

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return self.loss(input, target, **self.case.kwargs)


def exported(loss: Loss, case: Sample) -> None:
    """torch.export keeps the loss, for any number of rows."""
    rows = {0: torch.export.Dim("rows", min=2)}
    program = torch.export.export(
        Criterion(loss, case), (case.input, case.target), dynamic_shapes={"input": rows, "target": rows}
    )
    replayed = other_values(case, 6)
    assert_close(program.module()(*replayed), Criterion(case.torch_loss, case)(*replayed))


def symbolically_traced(loss: Loss, case: Sample) -> None:
    """torch.fx takes the loss as one call."""
    graph = torch.fx.symbolic_trace(Criterion(loss, case))
    (node,) = [node for node in graph.graph.nodes if node.op == "call_function"]
    assert node.target is loss
    assert_close(graph(case.input, case.target), case.call(case.torch_loss))


class Logged(Tensor):
    """A tensor subclass that counts the functions it meets."""

    seen: ClassVar[list[object]] = []

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        cls.seen.append(function)
        return super().__torch_function__(function, types, args, kwargs or {})


def subclass(loss: Loss, case: Sample) -> None:
    """A tensor subclass is asked about the loss, and the result is of its type, as torch's is."""
    Logged.seen.clear()
    x = case.input.as_subclass(Logged)
    result, expected = (case.call(f, input=x) for f in (loss, case.torch_loss))
    assert loss in Logged.seen
    assert type(result) is type(expected) is Logged
    assert_close(result.as_subclass(Tensor), expected.as_subclass(Tensor))


class _Replacing(TorchFunctionMode):
    """Takes over one function."""

    def __init__(self, replaced: Loss) -> None:
        self.replaced = replaced

    def __torch_function__(self, function, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        return "replaced" if function is self.replaced else function(*args, **(kwargs or {}))


def function_mode(loss: Loss, case: Sample) -> None:
    with _Replacing(loss):
        assert case.call(loss) == "replaced"


def autocast(loss: Loss, case: Sample) -> None:
    """Under autocast and without, dtypes are torch's for every dtype of the input."""
    for low in (torch.bfloat16, torch.float16):
        for dtype in (low, torch.float32):
            sample = case.to(dtype)
            for enabled in (True, False):
                with torch.autocast("cpu", low, enabled=enabled):
                    result, expected = sample.call(loss), sample.call(case.torch_loss)
                assert result.dtype == expected.dtype, f"{low}, {dtype}, {enabled}"
                torch.testing.assert_close(result, expected, rtol=2e-2, atol=2e-2)


def lazily_negated(loss: Loss, case: Sample) -> None:
    """A tensor with the negative bit set is read with its sign."""
    negated = torch._neg_view(-case.input)
    assert negated.is_neg()
    assert_close(case.call(loss, input=negated), case.call(case.torch_loss))


TRACING = (meta, fake, traced, symbolically_traced, subclass, function_mode, autocast, lazily_negated, exported)


# Compilation


def compiled(loss: Loss, case: Sample, backend: str = "aot_eager") -> None:
    """Compiled in one graph, forward and backward are torch's."""
    torch._dynamo.reset()
    step = torch.compile(scalar(loss, case), fullgraph=True, backend=backend)
    x, target = leaf(case), case.target
    result = step(x, target)
    result.backward()
    assert_close(result, scalar(case.torch_loss, case)(case.input, target))
    assert_close(x.grad, eager_gradient(case.torch_loss, case))


def compiled_grad(loss: Loss, case: Sample) -> None:
    """A transform inside of a compiled function keeps its derivatives."""
    torch._dynamo.reset()
    step = torch.compile(grad(scalar(loss, case)), fullgraph=True, backend="aot_eager")
    assert_close(step(case.input, case.target), eager_gradient(case.torch_loss, case))


COMPILED = (compiled, compiled_grad)
CHECKS = {check.__name__.replace("_", " "): check for check in (*AUTOGRAD, *FUNC, *TRACING, *COMPILED)}
