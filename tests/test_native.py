"""The native backend: that it runs where it should, in every layout, dtype and instruction set, and joins autograd.

A test that means the kernels asserts that they ran.
"""

import ctypes
import multiprocessing
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import torch
from torch import Tensor
from torch._subclasses import FakeTensorMode
from torch.autograd import gradcheck, gradgradcheck
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils.checkpoint import checkpoint

import xent
from tests import test_settings as table
from xent.backends import native
from xent.backends.native import layout, module, plain, plans
from xent.core.call import SoftmaxCall
from xent.dispatch.arguments import flat

ROOT = Path(__file__).parents[1]
DTYPES = [torch.float32, torch.float64, torch.bfloat16, torch.float16]
KERNELS = ("plain", "softmax", "sigmoid", "pointwise")


class Counted:
    """The module, and how often its kernels have been called."""

    def __init__(self) -> None:
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        if name in KERNELS:
            self.calls += 1
        return getattr(BUILT, name)


BUILT = module.NATIVE


@contextmanager
def kernels() -> Iterator[Counted]:
    """The losses within are computed by kernels."""
    counted = Counted()
    with mock.patch.object(module, "NATIVE", counted):
        yield counted
    assert counted.calls > 0, native.state().absence or "the kernels were not called"


@contextmanager
def formulas() -> Iterator[None]:
    """The losses within are computed by the reference."""
    absent = mock.patch.object(module, "ABSENCE", "left out by a test")
    with absent, mock.patch.object(plain, "IS_THERE", False):
        yield


def loss_and_gradient(loss: Callable[[Tensor], Tensor], logits: Tensor) -> tuple[Tensor, Tensor]:
    leaf = logits.detach().requires_grad_()
    result = loss(leaf)
    # Numbers that differ, so that rows cannot be taken for one another.
    (gradient,) = torch.autograd.grad(result, leaf, torch.linspace(0.5, 2, result.numel()).view_as(result).to(result))
    return result.detach(), gradient


def assert_agrees(loss: Callable[[Tensor], Tensor], logits: Tensor) -> None:
    """By kernels as by the formulas, in the layout that is given."""
    with kernels():
        result, gradient = loss_and_gradient(loss, logits)
    with formulas():
        expected, expected_gradient = loss_and_gradient(loss, logits)
    assert gradient.dtype == logits.dtype
    tolerance = 4 * torch.finfo(logits.dtype).eps
    half = torch.finfo(logits.dtype).bits == 16
    torch.testing.assert_close(result, expected, rtol=max(tolerance, 1e-12), atol=tolerance)
    torch.testing.assert_close(gradient, expected_gradient, rtol=tolerance, atol=tolerance * (0.1 if half else 1.0))


# Structs ----------------------------------------------------------------------------------------------------------


def struct_fields(name: str) -> tuple[str, ...]:
    header = (ROOT / "csrc" / "xent.h").read_text(encoding="utf-8")
    body = re.search(r"typedef struct \{([^}]*)\} " + name + ";", header)
    assert body is not None
    code = re.sub(r"//[^\n]*", "", body[1])
    declarations = [declaration.strip() for declaration in code.split(";") if declaration.strip()]
    names = [part for declaration in declarations for part in declaration.split(maxsplit=1)[1].split(",")]
    return tuple(name.strip(" *") for name in names)


@pytest.mark.parametrize(
    ("struct", "plan"),
    [
        ("XentView", plans.View),
        ("XentSoftmax", plans.SoftmaxPlan),
        ("XentSigmoid", plans.SigmoidPlan),
        ("XentPointwise", plans.PointwisePlan),
        ("XentOutcome", plans.Outcome),
    ],
)
def test_plans_mirror_the_structs(struct: str, plan: Any) -> None:
    assert plan._fields == struct_fields(struct)


# Layouts ----------------------------------------------------------------------------------------------------------


def numbers(*shape: int, dtype: torch.dtype = torch.float32, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


ROW_LAYOUTS: dict[str, tuple[Callable[[torch.dtype], Tensor], int]] = {
    "(C,)": (lambda dtype: numbers(7, dtype=dtype), 0),
    "(N, C)": (lambda dtype: numbers(6, 7, dtype=dtype), 1),
    "(N, C), one row": (lambda dtype: numbers(1, 7, dtype=dtype), 1),
    "(N, C), one class": (lambda dtype: numbers(6, 1, dtype=dtype), 1),
    "(N, C), columns": (lambda dtype: numbers(7, 6, dtype=dtype).T, 1),
    "(N, C), every other class": (lambda dtype: numbers(6, 14, dtype=dtype)[:, ::2], 1),
    "(N, C), a part": (lambda dtype: numbers(6, 12, dtype=dtype)[:, 2:9], 1),
    "(N, C), one row repeated": (lambda dtype: numbers(1, 7, dtype=dtype).expand(6, 7), 1),
    "(C, N)": (lambda dtype: numbers(7, 6, dtype=dtype), 0),
    "(N, T, C)": (lambda dtype: numbers(3, 4, 7, dtype=dtype), 2),
    "(N, T - 1, C)": (lambda dtype: numbers(3, 4, 7, dtype=dtype)[:, :-1], 2),
    "(N, C, H, W)": (lambda dtype: numbers(2, 7, 3, 5, dtype=dtype), 1),
    "(N, C, H, W), channels last": (
        lambda dtype: numbers(2, 7, 3, 5, dtype=dtype).contiguous(memory_format=torch.channels_last),
        1,
    ),
    "(N, C, H, W), a window": (lambda dtype: numbers(2, 7, 4, 6, dtype=dtype)[..., 1:, 1:], 1),
}


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("layout_name", ROW_LAYOUTS)
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_rows_in_any_layout(layout_name: str, dtype: torch.dtype, reduction: str) -> None:
    make, dim = ROW_LAYOUTS[layout_name]
    logits = make(dtype)
    rows = logits.shape[:dim] + logits.shape[dim + 1 :]
    classes = logits.shape[dim]
    generator = torch.Generator().manual_seed(1)
    label = torch.randint(0, classes, rows, generator=generator)
    arithmetic = torch.float64 if dtype == torch.float64 else torch.float32
    weight = numbers(classes, dtype=arithmetic).abs()
    settings: dict[str, Any] = {"dim": dim, "reduction": reduction}
    probabilities = numbers(*logits.shape, seed=2).softmax(dim).to(dtype)
    if rows:
        settings["sample_weight"] = torch.rand(rows[:1], generator=generator)
        settings["mask"] = torch.rand(rows, generator=generator) < 0.8
    assert_agrees(lambda z: xent.cross_entropy(z, label, dim=dim, reduction=reduction), logits)
    assert_agrees(lambda z: xent.cross_entropy(z, label, weight.to(dtype), **settings), logits)
    assert_agrees(lambda z: xent.cross_entropy(z, probabilities, label_smoothing=0.1, **settings), logits)


ELEMENT_LAYOUTS: dict[str, Callable[[torch.dtype], Tensor]] = {
    "()": lambda dtype: numbers(dtype=dtype),
    **{name: make for name, (make, _) in ROW_LAYOUTS.items()},
}


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("layout_name", ELEMENT_LAYOUTS)
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_elements_in_any_layout(layout_name: str, dtype: torch.dtype, reduction: str) -> None:
    logits = ELEMENT_LAYOUTS[layout_name](dtype)
    target = torch.rand(logits.shape, generator=torch.Generator().manual_seed(1)).to(dtype)
    settings: dict[str, Any] = {"reduction": reduction}
    if logits.ndim:
        settings["sample_weight"] = torch.rand(logits.shape[:1], generator=torch.Generator().manual_seed(2))
    per_column = numbers(*logits.shape[-1:], seed=3).abs()
    per_channel = numbers(*logits.shape[1:2], *[1] * max(logits.ndim - 2, 0), seed=4).abs()
    assert_agrees(lambda z: xent.binary_cross_entropy_with_logits(z, target, reduction=reduction), logits)
    assert_agrees(
        lambda z: xent.binary_cross_entropy_with_logits(z, target, per_column, pos_weight=per_channel, **settings),
        logits,
    )
    assert_agrees(lambda p: xent.binary_cross_entropy(p, target, per_column, **settings), logits.sigmoid())
    assert_agrees(lambda x: xent.kl_div(x, target, reduction="sum" if reduction == "mean" else "none"), logits)


def test_few_elements_are_copied_for_a_weight_a_channel() -> None:
    """It does not vary within a channel, so one number a channel is all that is copied."""
    logits = torch.zeros(2, 3, 8, 8)
    elements = layout.ElementLayout(logits)
    elements.add("logits", logits)
    elements.add("pos_weight", torch.arange(3.0).view(3, 1, 1))
    outer, classes, views = elements.settle(("logits",))
    assert (outer, classes) == (6, 64)
    assert views["pos_weight"][2:4] == (1, 0)
    assert elements.held[0].flatten().tolist() == [0, 1, 2, 0, 1, 2]


@pytest.mark.parametrize(
    ("sizes", "strides", "expected"),
    [
        ((2, 3), (3, 1), 1),
        ((2, 3), (6, 2), 2),
        ((2, 3), (4, 1), None),
        ((2, 1, 3), (3, 99, 1), 1),  # an axis of one element has no stride
        ((2, 3), (0, 0), 0),
        ((1, 1), (5, 7), 0),
        ((), (), 0),
    ],
)
def test_collapsed(sizes: tuple[int, ...], strides: tuple[int, ...], expected: int | None) -> None:
    assert layout.collapsed(sizes, strides) == expected


# Instruction sets -------------------------------------------------------------------------------------------------


@pytest.fixture(params=native.state().supported)
def instruction_set(request: pytest.FixtureRequest) -> Iterator[str]:
    before = BUILT.instruction_set()
    BUILT.use(request.param)
    yield request.param
    BUILT.use(before)


@pytest.mark.usefixtures("instruction_set")
@pytest.mark.parametrize("dtype", table.DTYPES, ids=str)
@pytest.mark.parametrize(("target", "settings"), table.SOFTMAX_CASES)
def test_every_instruction_set_keeps_the_contract(target: Tensor, settings: dict[str, Any], dtype: torch.dtype) -> None:
    with kernels():
        table.test_cross_entropy_is_its_definition(target, settings, dtype)


@pytest.mark.usefixtures("instruction_set")
@pytest.mark.parametrize("dtype", table.DTYPES, ids=str)
@pytest.mark.parametrize("settings", table.SIGMOID_CASES)
def test_every_instruction_set_keeps_the_binary_contract(settings: dict[str, Any], dtype: torch.dtype) -> None:
    with kernels():
        table.test_binary_cross_entropy_is_its_definition(settings, dtype)


def fresh_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ | environment
    )


@pytest.mark.parametrize("name", native.state().supported)
def test_an_instruction_set_can_be_forced(name: str) -> None:
    run = fresh_python("import xent; print(xent.info().instruction_set)", XENT_FORCE_ISA=name)
    assert run.stdout.strip() == name


def test_forcing_an_absent_instruction_set_raises() -> None:
    run = fresh_python("import xent", XENT_FORCE_ISA="sse9")
    assert run.returncode != 0
    assert "XENT_FORCE_ISA=sse9, but it is not compiled in. There is: " in run.stderr


# Without the module -----------------------------------------------------------------------------------------------

WITHOUT = """
import sys
sys.modules["xent._native"] = None
import torch, xent
z = torch.zeros(1, 2, requires_grad=True)
xent.cross_entropy(z, torch.tensor([0])).backward()
print(z.grad.tolist(), xent.info().backend)
print(xent.info().reason)
"""


def test_without_the_module_the_reference_computes() -> None:
    lines = fresh_python(WITHOUT).stdout.splitlines()
    assert lines[0] == "[[-0.5, 0.5]] reference"
    assert lines[1].startswith("xent._native is not built: ")


def test_without_the_module_nothing_can_be_forced() -> None:
    run = fresh_python(WITHOUT, XENT_FORCE_ISA="avx2")
    assert "XENT_FORCE_ISA=avx2, but xent._native is not built" in run.stderr


# What is served ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda z: xent.cross_entropy(z, LABEL), None),
        (lambda z: xent.cross_entropy(z, LABEL, weight=torch.ones(3)), None),
        (lambda z: xent.binary_cross_entropy_with_logits(z, z.detach().sigmoid().double()), None),
        (lambda z: xent.kl_div(z, z.detach().softmax(1), reduction="sum"), None),
        (lambda z: xent.nll_loss(z, LABEL), "nll_loss has no kernel"),
        (lambda z: xent.cross_entropy(z, torch.ones(2, 3).double()), "float64 in target"),
        (lambda z: xent.cross_entropy(z, torch.ones(2, 3), torch.ones(3).double()), "float64 in weight"),
        (lambda z: xent.cross_entropy(z, LABEL, label_smoothing=torch.tensor(0.1)), "label_smoothing is a tensor"),
        (lambda z: xent.cross_entropy(z, LABEL, ignore_index=torch.tensor(1)), "ignore_index is a tensor"),
        (lambda z: xent.kl_div(z, z, reduction="sum"), "something else than the input"),
        (lambda z: xent.cross_entropy(z.to("meta"), LABEL.to("meta")), "a meta tensor"),
        (torch.func.grad(lambda z: xent.cross_entropy(z, LABEL)), "torch.func transform"),
    ],
)
def test_what_computes_a_call(call: Callable[[Tensor], Tensor], reason: str | None) -> None:
    answer = xent.info(call, torch.zeros(2, 3, requires_grad=True))
    assert answer.backend == ("native" if reason is None else "reference")
    if reason is None:
        assert answer.reason is None
    else:
        assert reason in answer.reason


LABEL = torch.tensor([0, 2])


def test_info_computes_nothing_and_checks_everything() -> None:
    z = torch.zeros(2, 3, requires_grad=True) * 1
    version = z._version
    assert xent.info(xent.CrossEntropyLoss(inplace_gradient=True), z, LABEL).backend == "native"
    assert z._version == version
    with pytest.raises(RuntimeError, match="weight tensor should be defined"):
        xent.info(xent.cross_entropy, z, LABEL, weight=torch.ones(2))
    with pytest.raises(ValueError, match="has computed no loss of xent"):
        xent.info(torch.zeros, 2)
    assert xent.cross_entropy(z, LABEL).isfinite()


def test_info_says_what_there_is() -> None:
    answer = xent.info()
    assert answer.instruction_set == BUILT.instruction_set()
    assert answer.threads == torch.get_num_threads()
    assert f"xent {xent.__version__}, torch {torch.__version__}" in str(answer)


def test_a_lazy_negation_is_not_read_raw() -> None:
    z = torch.randn(2, 3, dtype=torch.complex64).conj().imag
    assert z.is_neg()
    torch.testing.assert_close(xent.cross_entropy(z, LABEL), xent.cross_entropy(z.resolve_neg(), LABEL))


@pytest.mark.parametrize(
    "wrap", [lambda w: w, lambda w: torch.nn.Parameter(w, requires_grad=False)], ids=["buffer", "parameter"]
)
@pytest.mark.parametrize("name", ["weight", "smoothing_prior"])
def test_settings_given_to_a_module_later_count(name: str, wrap: Callable[[Tensor], Tensor]) -> None:
    """The short way of modules without settings looks for them where torch keeps buffers."""
    z, value = numbers(2, 3), torch.tensor([1.0, 2.0, 4.0])
    criterion = xent.CrossEntropyLoss()
    criterion(z, LABEL)
    setattr(criterion, name, wrap(value))
    criterion.label_smoothing = 0.5
    assert torch.equal(criterion(z, LABEL), xent.cross_entropy(z, LABEL, label_smoothing=0.5, **{name: value}))
    criterion.label_smoothing = 0.0
    if name == "weight":
        assert torch.equal(criterion(z, LABEL), xent.cross_entropy(z, LABEL, value))


# Values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{}, {"label_smoothing": 0.1}], ids=["plain", "smoothed"])
@pytest.mark.parametrize("label", [3, -1])
def test_labels_out_of_range(settings: dict[str, Any], label: int) -> None:
    z = torch.zeros(2, 3, 4)
    target = torch.zeros(2, 4, dtype=torch.long)
    target[1, 2] = label
    message = (
        f"Target {label} is out of bounds. `target` must hold classes in [0, 2], for the 3 classes of `input`, or "
        "ignore_index=-100."
    )
    for logits, labels in ((z, target), (z.movedim(1, -1).reshape(8, 3), target.flatten())):
        with kernels(), pytest.raises(IndexError, match=re.escape(message)):
            xent.cross_entropy(logits, labels, **settings)


@pytest.mark.parametrize("value", [-0.25, 1.5, float("nan")])
@pytest.mark.parametrize("name", ["input", "target"])
def test_numbers_that_are_no_probabilities(name: str, value: float) -> None:
    given = {"input": torch.full((3, 4), 0.5), "target": torch.full((3, 4), 0.5)}
    given[name][1, 2] = value
    with kernels(), pytest.raises(RuntimeError, match=f"all elements of {name} should be between 0 and 1, got {value}"):
        xent.binary_cross_entropy(given["input"].T, given["target"].T)
    mask = ~torch.isnan(given[name]) & (given[name] == 0.5)
    with kernels():
        assert xent.binary_cross_entropy(**given, mask=mask).isfinite()


@pytest.mark.parametrize("settings", [{}, {"weight": torch.ones(3)}], ids=["plain", "weight"])
def test_a_mean_over_no_rows(settings: dict[str, Any]) -> None:
    z = torch.zeros(2, 3, requires_grad=True)
    with kernels():
        loss = xent.cross_entropy(z, torch.tensor([-100, -100]), **settings)
        loss.backward()
    assert loss.isnan()
    assert torch.equal(z.grad, torch.zeros(2, 3))


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides:UserWarning")
@pytest.mark.parametrize("shape", [(0, 3), (3, 0)])
def test_empty_elements(shape: tuple[int, int]) -> None:
    z = torch.zeros(shape)
    for reduction in ("sum", "mean", "none", "batchmean"):
        with formulas():
            expected = xent.kl_div(z, z, reduction=reduction)
        torch.testing.assert_close(xent.kl_div(z, z, reduction=reduction), expected, equal_nan=True)


def test_autocast_makes_results_float32() -> None:
    z = torch.zeros(2, 3, dtype=torch.bfloat16, requires_grad=True)
    with kernels(), torch.autocast("cpu"):
        assert xent.cross_entropy(z, LABEL).dtype == torch.float32
        assert xent.cross_entropy(z, LABEL, label_smoothing=0.1).dtype == torch.float32


# Autograd ---------------------------------------------------------------------------------------------------------

PROBABILITIES = numbers(5, 4, seed=3, dtype=torch.float64).softmax(1)
LABELS = torch.tensor([0, 3, 1, 1, 2])
LOSSES: dict[str, Callable[..., Tensor]] = {
    "plain": lambda z, **settings: xent.cross_entropy(z, LABELS, **settings),
    "smoothed": lambda z, **settings: xent.cross_entropy(z, LABELS, label_smoothing=0.1, **settings),
    "probabilities": lambda z, **settings: xent.cross_entropy(z, PROBABILITIES.to(z.dtype), **settings),
    "focal": lambda z, **settings: xent.cross_entropy(z, LABELS, event=xent.Event(gamma=2), **settings),
    "logits": lambda z, **settings: xent.binary_cross_entropy_with_logits(z, PROBABILITIES.to(z.dtype), **settings),
    "binary": lambda p, **settings: xent.binary_cross_entropy(p.sigmoid(), PROBABILITIES.to(p.dtype), **settings),
    "divergence": lambda x, **settings: xent.kl_div(x, PROBABILITIES.to(x.dtype), **{"reduction": "sum", **settings}),
}
EVERY_LOSS = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)


@EVERY_LOSS
@pytest.mark.parametrize("reduction", ["sum", "none"])
def test_derivatives(loss: Callable[..., Tensor], reduction: str) -> None:
    z = numbers(5, 4, dtype=torch.float64).requires_grad_()
    with kernels():
        assert gradcheck(lambda z: loss(z, reduction=reduction), z, fast_mode=True)
        assert gradgradcheck(lambda z: loss(z, reduction=reduction), z, fast_mode=True)


@EVERY_LOSS
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("factor", [1.0, 0.5, 1024.0])
def test_a_factor_of_the_loss(loss: Callable[..., Tensor], dtype: torch.dtype, factor: float) -> None:
    z = numbers(5, 4, dtype=dtype).requires_grad_()
    with kernels():
        (once,) = torch.autograd.grad(loss(z), z)
        (scaled,) = torch.autograd.grad(factor * loss(z), z)
    torch.testing.assert_close(scaled, factor * once)


@EVERY_LOSS
def test_kept_graphs(loss: Callable[..., Tensor]) -> None:
    z = numbers(5, 4).requires_grad_()
    with kernels():
        result = loss(z)
    first = torch.autograd.grad(result, z, retain_graph=True)[0].clone()
    second = torch.autograd.grad(3 * result, z, retain_graph=True)[0]
    (last,) = torch.autograd.grad(result, z)
    assert torch.equal(first, last)
    torch.testing.assert_close(second, 3 * first)
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        torch.autograd.grad(result, z)


@EVERY_LOSS
def test_batched_gradients(loss: Callable[..., Tensor]) -> None:
    z = numbers(5, 4).requires_grad_()
    factors = torch.tensor([1.0, -2.0])
    (batched,) = torch.autograd.grad(loss(z), z, factors, is_grads_batched=True)
    (single,) = torch.autograd.grad(loss(z), z)
    torch.testing.assert_close(batched, factors.view(2, 1, 1) * single)


@EVERY_LOSS
def test_checkpointing(loss: Callable[..., Tensor]) -> None:
    z = numbers(5, 4).requires_grad_()
    (expected,) = torch.autograd.grad(loss(2 * z), z)
    with kernels():
        (checkpointed,) = torch.autograd.grad(checkpoint(lambda z: loss(2 * z), z, use_reentrant=False), z)
        with torch.autograd.graph.save_on_cpu():
            result = loss(2 * z)
        (offloaded,) = torch.autograd.grad(result, z)
    torch.testing.assert_close(checkpointed, expected)
    torch.testing.assert_close(offloaded, expected)


def test_the_logits_may_change_after_the_loss() -> None:
    weights = numbers(5, 4).requires_grad_()
    z = weights + 0
    (expected,) = torch.autograd.grad(xent.cross_entropy(weights, LABELS), weights)
    loss = xent.cross_entropy(z, LABELS)
    z.detach().zero_()
    (gradient,) = torch.autograd.grad(loss, weights)
    torch.testing.assert_close(gradient, expected)


@pytest.mark.parametrize(
    "view", [lambda z: z, lambda z: z.T.contiguous().T, lambda z: z[:, 1:]], ids=["rows", "columns", "a part"]
)
def test_the_gradient_in_the_logits_place(view: Callable[[Tensor], Tensor]) -> None:
    labels = torch.tensor([0, 1, 2, 3, 0])
    results = []
    for inplace in (False, True):
        leaf = numbers(5, 5).requires_grad_()
        z = view(leaf + 0)
        with kernels():
            loss = xent.cross_entropy(z, labels, inplace_gradient=inplace)
        loss.backward()
        results.append((loss.detach(), leaf.grad))
    torch.testing.assert_close(*results)
    torch.testing.assert_close(z.detach(), view(leaf.grad))


def test_a_graph_that_is_never_run_backward() -> None:
    z = numbers(5, 4).requires_grad_()
    loss = xent.cross_entropy(z, LABELS)
    del loss
    assert z.grad is None


def test_large_gradients_are_right_where_huge_pages_are_asked_for() -> None:
    z = numbers(1100, 2000)
    assert z.nbytes > 8 << 20
    label = torch.arange(1100)
    assert_agrees(lambda z: xent.cross_entropy(z, label, reduction="sum"), z)


def test_threads_do_not_change_results() -> None:
    z, label = numbers(4096, 33), torch.arange(4096) % 33
    threads = torch.get_num_threads()
    results = []
    for count in (1, 2):
        torch.set_num_threads(count)
        with kernels():
            results.append(loss_and_gradient(lambda z: xent.cross_entropy(z, label), z))
    torch.set_num_threads(threads)
    assert all(torch.equal(*pair) for pair in zip(*results, strict=True))


def _loss_in_child(queue: Any) -> None:
    torch.set_num_threads(1)  # as a DataLoader's worker does; torch's pool does not survive a fork
    queue.put(float(xent.cross_entropy(torch.zeros(4096, 32), torch.zeros(4096, dtype=torch.long))))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_fork_after_threads() -> None:
    """A DataLoader's workers are forked from a process whose pool has run."""
    expected = float(xent.cross_entropy(torch.zeros(4096, 32), torch.zeros(4096, dtype=torch.long)))
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    child = context.Process(target=_loss_in_child, args=(queue,))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert queue.get() == expected


@pytest.fixture
def _fresh_compiler() -> None:
    """Variants of one loss would else count as its recompilations, of which there may be few."""
    torch.compiler.reset()


# Operators --------------------------------------------------------------------------------------------------------


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


def test_addresses_of_torchs_pool_are_there() -> None:
    """Without them the kernels would run serially, and nothing else would say so."""
    library = ctypes.CDLL(str(next((Path(torch.__file__).parent / "lib").glob("libtorch_cpu.*"))))
    assert library.torch_parallel_for
    assert BUILT.threads() == torch.get_num_threads()
