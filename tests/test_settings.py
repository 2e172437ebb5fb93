"""Every setting of both links: the loss and its gradient against the definitions, and every way to a gradient alike.

One table of settings for each link. On it: the value and the gradient against tests/oracle.py, within the accuracy
contract, in float64, float32 and bfloat16 (the gradient is formed with the loss and handed over); that explicit
gradient against autograd through the loss's formula; first and second derivatives against finite differences.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

import xent
from tests import oracle
from tests.contract import bound, multiples
from xent import Event, LogitTransform

ROWS, CLASSES = 5, 4
DTYPES = [torch.float64, torch.float32, torch.bfloat16]


def _numbers(*shape: int, seed: int = 0, low: float = -3.0, high: float = 3.0) -> Tensor:
    """Uniform numbers with few digits, so that they are exact in float32."""
    generator = torch.Generator().manual_seed(seed)
    return (low + (high - low) * torch.rand(shape, generator=generator)).mul(64).round().div(64).double()


def _softmax_logits() -> Tensor:
    logits = _numbers(ROWS, CLASSES, seed=1)
    logits[0, 2] = 24.0  # p rounds to one in float32
    return logits


LABELS = torch.tensor([2, 0, 3, 3, 1])
PROBABILITIES = torch.tensor(
    [[0.0, 0.0, 1.0, 0.0], [0.25, 0.25, 0.25, 0.25], [0.5, 0.125, 0.125, 0.25], [0.0, 0.75, 0.25, 0.0], [1.0, 0, 0, 0]],
    dtype=torch.float64,
)
REMAINS = torch.tensor([True, False, True, True])  # all but class 1
ROWS_REMAIN = torch.ones(ROWS, CLASSES, dtype=torch.bool)
ROWS_REMAIN[1, 3] = ROWS_REMAIN[2, 0] = False

SOFTMAX: dict[str, dict[str, Any]] = {
    "plain": {},
    "none": {"reduction": "none"},
    "sum": {"reduction": "sum"},
    "weight": {"weight": torch.tensor([1.0, 0.0, 2.5, 4.0])},
    "smoothing": {"label_smoothing": 0.125},
    "smoothing, all": {"label_smoothing": 1.0},
    "smoothing, weight": {"label_smoothing": 0.25, "weight": torch.tensor([1.0, 0.5, 2.5, 4.0])},
    "smoothing prior": {"label_smoothing": 0.25, "smoothing_prior": torch.tensor([4.0, 2.0, 1.0, 1.0])},
    "z-loss": {"z_loss": 0.25},
    "z-loss, weight": {"z_loss": 0.25, "weight": torch.tensor([1.0, 0.5, 2.5, 4.0])},
    "sample weight": {"sample_weight": torch.tensor([1.0, 0.0, 2.0, 0.5, 3.0])},
    "mask": {"mask": torch.tensor([True, False, True, True, False])},
    "mask, sample weight, weight": {
        "mask": torch.tensor([True, False, True, True, True]),
        "sample_weight": torch.tensor([1.0, 1.0, 0.0, 0.5, 3.0]),
        "weight": torch.tensor([1.0, 0.5, 2.5, 4.0]),
    },
    "normalizer": {"normalizer": 12.5},
    "gamma": {"event": Event(gamma=2)},
    "gamma below one": {"event": Event(gamma=0.5)},
    "poly": {"event": Event(poly=2)},
    "q": {"event": Event(q=0.7)},
    "gamma, poly, q": {"event": Event(gamma=1.5, poly=0.5, q=0.3)},
    "gamma, smoothing": {"event": Event(gamma=2), "label_smoothing": 0.125},
    "softcap": {"logits": LogitTransform(softcap=5.0)},
    "scale": {"logits": LogitTransform(scale=0.5)},
    "scale of classes": {"logits": LogitTransform(scale=torch.tensor([1.0, 2.0, 0.5, -1.0]))},
    "offset": {"logits": LogitTransform(offset=torch.tensor([2.0, 1.0, -1.0, 0.0]))},
    "offset of elements": {"logits": LogitTransform(offset=_numbers(ROWS, CLASSES, seed=2))},
    "valid classes": {"logits": LogitTransform(valid_classes=REMAINS)},
    "valid classes, smoothing": {"logits": LogitTransform(valid_classes=REMAINS), "label_smoothing": 0.125},
    "valid elements": {"logits": LogitTransform(valid_classes=ROWS_REMAIN), "label_smoothing": 0.125},
    "softcap, scale, offset, gamma, smoothing": {
        "logits": LogitTransform(softcap=4.0, scale=2.0, offset=torch.tensor([2.0, 1.0, -1.0, 0.0])),
        "event": Event(gamma=1),
        "label_smoothing": 0.125,
    },
}
LABEL_SETTINGS: dict[str, dict[str, Any]] = {
    "ignore_index": {"ignore_index": 3},
    "ignore_index, weight, smoothing": {
        "ignore_index": 3,
        "weight": torch.tensor([1.0, 0.5, 2.5, 4.0]),
        "label_smoothing": 0.125,
    },
    "margin": {"logits": LogitTransform(margin=torch.tensor([0.5, 0.25, 0.125, 1.0]))},
    "margin, scale": {"logits": LogitTransform(margin=torch.tensor([0.5, 0.25, 0.125, 1.0]), scale=3.0)},
    "label offset": {"logits": LogitTransform(label_offset=_numbers(CLASSES, CLASSES, seed=3))},
    "valid classes, number": {"logits": LogitTransform(valid_classes=4)},
}
SOFTMAX_CASES = [
    *(pytest.param(LABELS, s, id=f"labels, {name}") for name, s in (SOFTMAX | LABEL_SETTINGS).items()),
    *(pytest.param(PROBABILITIES, s, id=f"probabilities, {name}") for name, s in SOFTMAX.items()),
]

BINARY_TARGET = torch.tensor(
    [[1.0, 0.0, 0.0, 0.25], [0.0, 1.0, 0.5, 0.0], [1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0], [0.75, 0.0, 1.0, 1.0]],
    dtype=torch.float64,
)
SIGMOID: dict[str, dict[str, Any]] = {
    "plain": {},
    "none": {"reduction": "none"},
    "sum": {"reduction": "sum"},
    "weight": {"weight": _numbers(ROWS, CLASSES, seed=4, low=0)},
    "pos_weight": {"pos_weight": torch.tensor([1.0, 2.0, 0.0, 8.0])},
    "neg_weight": {"neg_weight": torch.tensor([0.5, 2.0, 0.0, 8.0])},
    "sample weight": {"sample_weight": torch.tensor([1.0, 0.0, 2.0, 0.5, 3.0])},
    "sample weight of elements": {"sample_weight": _numbers(ROWS, CLASSES, seed=5, low=0)},
    "mask": {"mask": BINARY_TARGET != 0.25},
    "mask of rows": {"mask": torch.tensor([True, False, True, True, False])},
    "normalizer": {"normalizer": 12.5},
    "ignore_index": {"ignore_index": 0.25},
    "smoothing": {"label_smoothing": 0.125},
    "smoothing prior": {"label_smoothing": 0.125, "smoothing_prior": torch.tensor([0.5, 0.25, 0.0, 1.0])},
    "gamma": {"positive": Event(gamma=2), "negative": Event(gamma=2)},
    "two gammas": {"positive": Event(gamma=0.5), "negative": Event(gamma=4)},
    "poly": {"positive": Event(poly=1), "negative": Event(poly=0.5)},
    "q": {"positive": Event(q=0.7), "negative": Event(q=0.3)},
    "shift": {"negative": Event(shift=0.125)},
    "shift, two gammas": {"positive": Event(gamma=1), "negative": Event(gamma=4, shift=0.125)},
    "neg_scale": {"neg_scale": 2.0},
    "neg_scale, gamma": {"neg_scale": 0.5, "negative": Event(gamma=2)},
    "softcap": {"logits": LogitTransform(softcap=5.0)},
    "scale": {"logits": LogitTransform(scale=-0.5)},
    "scale of classes": {"logits": LogitTransform(scale=torch.tensor([1.0, 2.0, 0.5, -1.0]))},
    "offset": {"logits": LogitTransform(offset=torch.tensor([2.0, 1.0, -1.0, 0.0]))},
    "everything": {
        "weight": _numbers(ROWS, CLASSES, seed=4, low=0),
        "pos_weight": torch.tensor([1.0, 2.0, 0.5, 8.0]),
        "neg_weight": torch.tensor([1.0, 0.5, 2.0, 1.0]),
        "label_smoothing": 0.125,
        "sample_weight": torch.tensor([1.0, 0.0, 2.0, 0.5, 3.0]),
        "mask": BINARY_TARGET != 0.25,
        "positive": Event(gamma=1, poly=0.5),
        "negative": Event(gamma=2, shift=0.0625),
        "neg_scale": 1.5,
        "logits": LogitTransform(softcap=8.0, offset=torch.tensor([0.5, 1.0, -1.0, 0.0])),
    },
}
SIGMOID_CASES = [pytest.param(settings, id=name) for name, settings in SIGMOID.items()]


def _binary_logits() -> Tensor:
    logits = 2 * _numbers(ROWS, CLASSES, seed=6)
    logits[0, 0], logits[3, 0] = 24.0, -24.0
    return logits


def _in(dtype: torch.dtype, value: Any) -> Any:
    """A setting with its floating-point tensors in ``dtype``, float32 beside bfloat16 logits."""
    if isinstance(value, dict):
        return {name: _in(dtype, setting) for name, setting in value.items()}
    if isinstance(value, LogitTransform):
        names = ("scale", "offset", "label_offset", "margin")
        return replace(value, **{name: _in(dtype, getattr(value, name)) for name in names})
    if isinstance(value, Tensor) and value.is_floating_point():
        return value.to(torch.float64 if dtype == torch.float64 else torch.float32)
    return value


def _assert_within_contract(loss: Tensor, logits: Tensor, truth: oracle.Truth) -> None:
    of_loss = bound(truth.loss_size, truth.loss_slack, loss.dtype)
    of_gradient = bound(truth.gradient_size, truth.gradient_slack, logits.dtype)
    assert multiples(loss, truth.loss, of_loss).max() <= 1
    assert multiples(logits.grad, truth.gradient, of_gradient).max() <= 1


def _assert_gradients_agree(loss: Any, logits: Tensor) -> None:
    """The explicit gradient, which backward hands over, is autograd's through the formula, which torch.func uses."""
    logits = logits.clone().requires_grad_()
    (explicit,) = torch.autograd.grad(loss(logits).sum(), logits)
    through_formula = torch.func.grad(lambda z: loss(z).sum())(logits.detach())
    torch.testing.assert_close(explicit, through_formula, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(("target", "settings"), SOFTMAX_CASES)
def test_cross_entropy_is_its_definition(target: Tensor, settings: dict[str, Any], dtype: torch.dtype) -> None:
    logits = _softmax_logits().to(dtype).requires_grad_()
    target = target.to(dtype) if target.is_floating_point() else target
    settings = _in(dtype, settings)
    loss = xent.cross_entropy(logits, target, **settings)
    loss.sum().backward()
    _assert_within_contract(loss, logits, oracle.cross_entropy(logits, target, **settings))


@pytest.mark.parametrize(("target", "settings"), SOFTMAX_CASES)
def test_cross_entropy_has_one_gradient(target: Tensor, settings: dict[str, Any]) -> None:
    settings = _in(torch.float64, settings)
    _assert_gradients_agree(lambda z: xent.cross_entropy(z, target, **settings), _softmax_logits())


@pytest.mark.parametrize(("target", "settings"), [case for case in SOFTMAX_CASES if "valid" not in case.id])
def test_cross_entropy_derivatives(target: Tensor, settings: dict[str, Any]) -> None:
    settings = _in(torch.float64, settings)
    logits = _numbers(ROWS, CLASSES, seed=7).requires_grad_()
    assert gradcheck(lambda z: xent.cross_entropy(z, target, **settings), logits, fast_mode=True)
    assert gradgradcheck(lambda z: xent.cross_entropy(z, target, **settings), logits, fast_mode=True)


@pytest.mark.parametrize("smoothing", [0.0, 0.125])
def test_derivatives_with_removed_classes(smoothing: float) -> None:
    """Labels on classes that remain, so that the loss is finite; the removed class gets gradient 0."""
    logits = _numbers(ROWS, CLASSES, seed=7).requires_grad_()
    labels = torch.tensor([2, 0, 3, 3, 0])

    def loss(z: Tensor) -> Tensor:
        transform = LogitTransform(valid_classes=REMAINS)
        return xent.cross_entropy(z, labels, label_smoothing=smoothing, logits=transform)

    assert gradcheck(loss, logits, fast_mode=True)
    assert gradgradcheck(loss, logits, fast_mode=True)
    (gradient,) = torch.autograd.grad(loss(logits), logits)
    assert (gradient[:, 1] == 0).all()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("settings", SIGMOID_CASES)
def test_binary_cross_entropy_is_its_definition(settings: dict[str, Any], dtype: torch.dtype) -> None:
    logits = _binary_logits().to(dtype).requires_grad_()
    target = BINARY_TARGET.to(dtype)
    settings = _in(dtype, settings)
    loss = xent.binary_cross_entropy_with_logits(logits, target, **settings)
    loss.sum().backward()
    _assert_within_contract(loss, logits, oracle.binary_cross_entropy_with_logits(logits, target, **settings))


@pytest.mark.parametrize("settings", SIGMOID_CASES)
def test_binary_cross_entropy_has_one_gradient(settings: dict[str, Any]) -> None:
    settings = _in(torch.float64, settings)
    _assert_gradients_agree(
        lambda z: xent.binary_cross_entropy_with_logits(z, BINARY_TARGET, **settings), _binary_logits()
    )


@pytest.mark.parametrize("settings", SIGMOID_CASES)
def test_binary_cross_entropy_derivatives(settings: dict[str, Any]) -> None:
    settings = _in(torch.float64, settings)
    logits = _numbers(ROWS, CLASSES, seed=8).requires_grad_()
    assert gradcheck(
        lambda z: xent.binary_cross_entropy_with_logits(z, BINARY_TARGET, **settings), logits, fast_mode=True
    )
    assert gradgradcheck(
        lambda z: xent.binary_cross_entropy_with_logits(z, BINARY_TARGET, **settings), logits, fast_mode=True
    )


@pytest.mark.parametrize("target", [LABELS, PROBABILITIES], ids=["labels", "probabilities"])
@pytest.mark.parametrize("shape", [(), (CLASSES,)], ids=["one scale", "scale of classes"])
@pytest.mark.parametrize("event", [Event(), Event(gamma=2)], ids=str)
def test_gradient_in_scale_and_offset(target: Tensor, shape: tuple[int, ...], event: Event) -> None:
    scale = _numbers(*shape, seed=9, low=0.5).requires_grad_()
    offset = _numbers(CLASSES, seed=10).requires_grad_()
    logits = _numbers(ROWS, CLASSES, seed=7).requires_grad_()

    def loss(z: Tensor, scale: Tensor, offset: Tensor) -> Tensor:
        return xent.cross_entropy(z, target, event=event, logits=LogitTransform(scale=scale, offset=offset))

    assert gradcheck(loss, (logits, scale, offset), fast_mode=True)
    assert gradgradcheck(loss, (logits, scale, offset), fast_mode=True)


def test_gradient_in_scale_and_offset_of_the_binary_loss() -> None:
    scale = _numbers(CLASSES, seed=9, low=0.5).requires_grad_()
    offset = _numbers(CLASSES, seed=10).requires_grad_()
    logits = _numbers(ROWS, CLASSES, seed=7).requires_grad_()

    def loss(z: Tensor, scale: Tensor, offset: Tensor) -> Tensor:
        transform = LogitTransform(scale=scale, offset=offset)
        return xent.binary_cross_entropy_with_logits(z, BINARY_TARGET, logits=transform)

    assert gradcheck(loss, (logits, scale, offset), fast_mode=True)
    assert gradgradcheck(loss, (logits, scale, offset), fast_mode=True)


@pytest.mark.parametrize("settings", [pytest.param(s, id=n) for n, s in (SOFTMAX | LABEL_SETTINGS).items()])
def test_dim_is_movedim(settings: dict[str, Any]) -> None:
    """(N, T, C) with dim=-1 is (N, C, T); what is one a row has the rows' shape (N, T)."""
    logits = _numbers(ROWS, 3, CLASSES, seed=11)
    target = LABELS[:, None].expand(ROWS, 3).roll(1, 0).contiguous()
    settings = dict(_in(torch.float64, settings))
    transform = settings.pop("logits", LogitTransform())
    if any(isinstance(v, Tensor) and v.ndim == 2 for v in (transform.offset, transform.valid_classes)):
        transform = replace(transform, offset=None, valid_classes=None)
    last = logits.clone().requires_grad_()
    second = logits.movedim(-1, 1).contiguous().requires_grad_()
    of_last = xent.cross_entropy(last, target, dim=-1, logits=transform, **settings)
    of_second = xent.cross_entropy(second, target, logits=transform, **settings)
    of_last.sum().backward()
    of_second.sum().backward()
    torch.testing.assert_close(of_last, of_second)
    torch.testing.assert_close(last.grad, second.grad.movedim(1, -1))


def test_the_table_spreads() -> None:
    """No two settings give the same loss, except those that say the same."""
    same = {"plain", "none", "valid classes, number"}
    table = {n: s for n, s in (SOFTMAX | LABEL_SETTINGS).items() if n not in same}
    losses = [
        float(xent.cross_entropy(_softmax_logits(), LABELS, **_in(torch.float64, settings)))
        for settings in table.values()
    ]
    finite = [value for value in losses if np.isfinite(value)]
    assert len(finite) > 25
    assert len(set(finite)) == len(finite)
