"""The native backend takes tensors of every layout and dtype, and gives what the formulas give."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

import xent
from tests.backends import assert_agrees
from tests.losses import numbers
from xent.backends.native import layout

DTYPES = [torch.float32, torch.float64, torch.bfloat16, torch.float16]


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
