"""Which calls kernels compute, what they refuse, and how they join autograd."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck
from torch.utils.checkpoint import checkpoint

import xent
from tests.backends import BUILT, formulas, kernels
from tests.losses import EVERY_LOSS, LABELS, numbers

DTYPES = [torch.float32, torch.float64, torch.bfloat16, torch.float16]
LABEL = torch.tensor([0, 2])


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
