"""Random calls: shapes, dtypes, memory layouts, targets and extreme values, each against the truth in 80 digits.

The examples are the same in every run (derandomised), and the generator is shown to spread at the end of the file.
"""

import math
from collections import Counter
from typing import Any

import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

import xent
from tests import oracle
from tests.contract import bound, multiples
from xent import Event

QUICK = settings(
    derandomize=True,
    deadline=None,
    max_examples=200,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
DTYPES = st.sampled_from([torch.float64, torch.float32, torch.bfloat16, torch.float16])
REDUCTIONS = st.sampled_from(["mean", "sum", "none"])
LAYOUTS = ("contiguous", "transposed", "strided", "expanded", "offset")
INF = math.inf

# Ordinary logits, long leads, huge ones, classes that are removed, and the smallest numbers.
LOGITS = st.one_of(
    st.floats(-8, 8, width=16),
    st.floats(-100, 100, width=16),
    st.sampled_from([0.0, -0.0, 1e4, -1e4, 17.0, -17.0, 88.0, 1e-38, 6e-8, -INF]),
)
PROBABILITIES = st.one_of(st.floats(0, 1, width=16), st.sampled_from([0.0, 1.0, 0.5, 1e-20, 1e-7, 1 - 2.0**-24]))


@st.composite
def tensors(draw: st.DrawFn, shape: tuple[int, ...], dtype: torch.dtype, elements: st.SearchStrategy[float]) -> Tensor:
    """A tensor of a shape, laid out in memory in one of many ways."""
    count = math.prod(shape)
    values = draw(st.lists(elements, min_size=count, max_size=count))
    return laid_out(torch.tensor(values, dtype=torch.float64).to(dtype).reshape(shape), draw(st.sampled_from(LAYOUTS)))


def laid_out(values: Tensor, layout: str) -> Tensor:
    """The same values (their first, along the first axis, if expanded) in another layout."""
    if layout == "transposed" and values.ndim > 1:
        return values.transpose(0, -1).contiguous().transpose(0, -1)
    if layout == "strided" and values.ndim > 0:
        return values.repeat_interleave(2, -1)[..., ::2]
    if layout == "expanded" and values.ndim > 0 and values.shape[0] > 0:
        return values[:1].expand(values.shape)
    if layout == "offset":  # one element into a storage: not aligned for vector loads
        storage = torch.empty(values.numel() + 1, dtype=values.dtype)
        return storage[1:].view(values.shape).copy_(values)
    return values


@st.composite
def cross_entropy_calls(draw: st.DrawFn) -> tuple[Tensor, Tensor, dict[str, Any]]:
    """Logits, target and settings."""
    dtype = draw(DTYPES)
    classes = draw(st.integers(1, 9))
    rows = draw(st.sampled_from([(), (), (1,), (5,), (3, 2), (2, 1, 3), (0,)]))
    shape = (*rows[:1], classes, *rows[1:])
    logits = draw(tensors(shape, dtype, LOGITS))
    settings_ = {
        "reduction": draw(REDUCTIONS),
        "label_smoothing": draw(st.sampled_from([0.0, 0.0, 0.1, 1.0])),
        "event": draw(st.sampled_from([Event(), Event(), Event(gamma=2), Event(gamma=0.5, poly=1), Event(q=0.7)])),
    }
    if draw(st.booleans()):
        settings_["weight"] = draw(tensors((classes,), dtype, st.sampled_from([0.25, 0.5, 1.0, 3.0])))
    if draw(st.booleans()):
        target = draw(tensors(shape, dtype, PROBABILITIES))
    else:
        labels = st.sampled_from([*range(classes), -100])
        integer = draw(st.sampled_from([torch.int64, torch.int32, torch.int16]))
        target = draw(tensors(rows, torch.float64, labels)).to(integer)
    if draw(st.booleans()):
        settings_["sample_weight"] = draw(tensors(rows, dtype, st.sampled_from([0.0, 1.0, 2.5])))
    if draw(st.booleans()):
        settings_["mask"] = draw(tensors(rows, torch.float64, st.sampled_from([0.0, 1.0]))).bool()
    return logits, target, settings_


@st.composite
def binary_calls(draw: st.DrawFn) -> tuple[Tensor, Tensor, dict[str, Any]]:
    """Logits, target and settings."""
    dtype = draw(DTYPES)
    shape = draw(st.sampled_from([(), (1,), (7,), (4, 3), (2, 3, 2), (0, 3)]))
    logits = draw(tensors(shape, dtype, st.one_of(LOGITS, st.just(INF))))
    target = draw(tensors(shape, dtype, st.sampled_from([0.0, 0.0, 1.0, 1.0, 0.25])))
    settings_: dict[str, Any] = {"reduction": draw(REDUCTIONS)}
    weights = st.sampled_from([0.0, 0.5, 1.0, 3.0])
    for name in ("weight", "pos_weight", "neg_weight"):
        if draw(st.booleans()):
            settings_[name] = draw(tensors(shape[-1:], dtype, weights))
    if draw(st.booleans()):
        settings_["mask"] = draw(tensors(shape, torch.float64, st.sampled_from([0.0, 1.0]))).bool()
    if draw(st.booleans()):
        settings_["negative"] = draw(st.sampled_from([Event(gamma=2), Event(gamma=4, shift=0.125), Event(q=0.5)]))
    return logits, target, settings_


def assert_within_contract(loss: Tensor, input: Tensor, truth: oracle.Truth) -> None:
    loss.sum().backward()
    of_loss = bound(truth.loss_size, truth.loss_slack, loss.dtype)
    of_gradient = bound(truth.gradient_size, truth.gradient_slack, input.dtype)
    assert loss.shape == truth.loss.shape
    assert (multiples(loss, truth.loss, of_loss) <= 1).all()
    assert (multiples(input.grad, truth.gradient, of_gradient) <= 1).all()


def differentiable(input: Tensor) -> Tensor:
    """A leaf that requires grad and keeps its layout."""
    return input.detach().requires_grad_()


@QUICK
@given(cross_entropy_calls())
def test_cross_entropy(call: tuple[Tensor, Tensor, dict[str, Any]]) -> None:
    logits, target, settings_ = call
    logits = differentiable(logits)
    before = logits.detach().clone()
    loss = xent.cross_entropy(logits, target, **settings_)
    assert_within_contract(loss, logits, oracle.cross_entropy(logits, target, **settings_))
    assert torch.equal(logits.detach(), before)


@QUICK
@given(binary_calls())
def test_binary_cross_entropy_with_logits(call: tuple[Tensor, Tensor, dict[str, Any]]) -> None:
    logits, target, settings_ = call
    logits = differentiable(logits)
    loss = xent.binary_cross_entropy_with_logits(logits, target, **settings_)
    assert_within_contract(loss, logits, oracle.binary_cross_entropy_with_logits(logits, target, **settings_))


@QUICK
@given(st.data())
def test_binary_cross_entropy(data: st.DataObject) -> None:
    dtype = data.draw(DTYPES)
    shape = data.draw(st.sampled_from([(), (7,), (4, 3), (0, 3)]))
    p = differentiable(data.draw(tensors(shape, dtype, PROBABILITIES)))
    target = data.draw(tensors(shape, dtype, st.sampled_from([0.0, 1.0, 0.25])))
    reduction = data.draw(REDUCTIONS)
    loss = xent.binary_cross_entropy(p, target, reduction=reduction)
    assert_within_contract(loss, p, oracle.binary_cross_entropy(p, target, reduction=reduction))


@QUICK
@given(st.data())
def test_kl_div(data: st.DataObject) -> None:
    dtype = data.draw(DTYPES)
    shape = data.draw(st.sampled_from([(), (7,), (4, 3), (0, 3)]))
    log_p = differentiable(data.draw(tensors(shape, dtype, st.floats(-60, 0, width=16))))
    log_target = data.draw(st.booleans())
    target = data.draw(tensors(shape, dtype, st.floats(-60, 0, width=16) if log_target else PROBABILITIES))
    reduction = data.draw(st.sampled_from(["sum", "none"]))
    loss = xent.kl_div(log_p, target, reduction=reduction, log_target=log_target)
    assert_within_contract(loss, log_p, oracle.kl_div(log_p, target, reduction, log_target))


@QUICK
@given(st.data())
def test_nll_loss(data: st.DataObject) -> None:
    dtype = data.draw(DTYPES)
    rows, classes = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 6))
    log_p = differentiable(data.draw(tensors((rows, classes), dtype, st.floats(-200, 0, width=16))))
    target = data.draw(tensors((rows,), torch.float64, st.integers(0, classes - 1))).long()
    weight = data.draw(tensors((classes,), dtype, st.sampled_from([0.5, 1.0, 3.0])))
    reduction = data.draw(REDUCTIONS)
    loss = xent.nll_loss(log_p, target, weight, ignore_index=0, reduction=reduction)
    assert_within_contract(loss, log_p, oracle.nll_loss(log_p, target, weight, 0, reduction))


def test_the_generator_spreads() -> None:
    """Among the examples are all dtypes, layouts and kinds of target, rows that differ, and every extreme."""
    seen: Counter[str] = Counter()

    @QUICK
    @given(cross_entropy_calls())
    def count(call: tuple[Tensor, Tensor, dict[str, Any]]) -> None:
        logits, target, settings_ = call
        finite = logits[torch.isfinite(logits)].double()
        seen.update([str(logits.dtype), settings_["reduction"], "indices" if target.ndim < logits.ndim else "soft"])
        facts = {
            "not contiguous": not logits.is_contiguous(),
            "expanded": 0 in logits.stride() + target.stride(),
            "offset": logits.storage_offset() > 0,
            "distinct": finite.unique().numel() > 3,
            "removed": bool((logits == -INF).any()),
            "huge": bool((finite.abs() > 1e3).any()),
            "ignored": bool((target == -100).any()),
            "weighted": "weight" in settings_,
            "empty": logits.numel() == 0,
            "higher": logits.ndim > 2,
        }
        seen.update(name for name, holds in facts.items() if holds)

    count()
    assert len(seen) == 4 + 3 + 2 + 10
    assert min(seen.values()) >= 5
    assert seen["distinct"] >= 80
