"""The softmax link: plans for its kernel, and what comes of them."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from xent.backends.native import module
from xent.backends.native.layout import RowLayout, number, vector
from xent.backends.native.plans import ABSENT, MEAN, Outcome, SoftmaxPlan, View
from xent.backends.native.results import Work, checked_memory
from xent.backends.native.settings import numbers, scale_tensor
from xent.core import check
from xent.core.axes import along
from xent.core.call import SoftmaxCall, ZLPRCall
from xent.core.logits import IDENTITY
from xent.core.precision import arithmetic_dtype
from xent.core.reduce import denominator


def run(call: SoftmaxCall, work: Work) -> Outcome:
    """Write what ``work`` asks for."""
    return checked(call, _of_kernel(module.NATIVE.softmax, call, work))


def run_zlpr(call: ZLPRCall, work: Work) -> Outcome:
    """Write what ``work`` asks for. Its kernel finds no divisor by itself."""
    if work.kind == MEAN and work.divisor == 0:
        work = work._replace(divisor=float(denominator(call, "mean", None) or 0.0))
    return checked_memory(_of_kernel(module.NATIVE.zlpr, call, work))


def _of_kernel(
    kernel: Callable[[SoftmaxPlan], tuple[float, float, int, int]], call: SoftmaxCall, work: Work
) -> Outcome:
    """What a kernel of rows makes of a call."""
    dtype = arithmetic_dtype(call.logits)
    layout = RowLayout(call.logits.shape, call.dim)
    layout.add("logits", call.logits)
    _add_target(layout, call, dtype)
    _add_results(layout, work, dtype)
    vectors = _vectors(layout, call, dtype)
    outer, classes, inner = layout.settle()
    plan = SoftmaxPlan(
        outer,
        classes,
        inner,
        **layout.views,
        **vectors,
        result=ABSENT if work.result is None else number(work.result),
        reduction=work.kind,
        ignores=int(call.indexed and call.ignore_index is not None),
        ignore_index=int(call.ignore_index or 0),
        divisor=work.divisor,
        grad_output=work.grad_output,
        smoothing=float(call.label_smoothing),
        z_loss=float(call.z_loss),
        softcap=float(call.transform.softcap or 0.0),
        event=numbers(call.event),
    )
    return Outcome(*kernel(plan))


def checked(call: SoftmaxCall, outcome: Outcome) -> Outcome:
    """The outcome, of labels that name classes."""
    checked_memory(outcome)
    if outcome.bad >= 0:
        label = call.target.flatten()[outcome.bad]
        raise check.label_out_of_range(label, call.logits.shape[call.dim], call.ignore_index)
    return outcome


def fits(call: SoftmaxCall) -> bool:
    """Whether the kernel can write the gradient where the logits are."""
    return RowLayout(call.logits.shape, call.dim).fits(call.logits)


def _add_target(layout: RowLayout, call: SoftmaxCall, dtype: torch.dtype) -> None:
    """What says which rows count, and what the classes' probabilities should be."""
    if call.indexed:
        layout.add_rows("labels", call.target)
    else:
        layout.add("probabilities", call.target.double() if dtype == torch.float64 else call.target)
    if call.sample_weight is not None:
        layout.add_rows("sample_weight", call.sample_weight.to(dtype))
    if call.mask is not None:
        layout.add_rows("mask", call.mask)


def _add_results(layout: RowLayout, work: Work, dtype: torch.dtype) -> None:
    if work.gradient is not None:
        layout.add("gradient", work.gradient)
    if work.rows is not None:
        layout.add_rows("rows", work.rows)
    if work.row_gradient is not None:
        layout.add_rows("row_gradient", work.row_gradient.to(dtype))


def _vectors(layout: RowLayout, call: SoftmaxCall, dtype: torch.dtype) -> dict[str, View]:
    """What is given for each class; an offset of the logits' shape goes into the layout."""
    given: dict[str, Tensor | None] = {"weight": call.weight, "prior": call.smoothing_prior}
    transform = call.transform
    if transform is not IDENTITY:
        given |= {"margin": transform.margin, "scale": scale_tensor(transform), "label_offset": transform.label_offset}
        offset = _offset(call, dtype)
        if offset is not None and offset.ndim > 1:
            layout.add("offset", offset)
        else:
            given["offset"] = offset
    views = {}
    for name, value in given.items():
        if value is not None:
            layout.held.append(value.to(dtype).contiguous())
            views[name] = vector(layout.held[-1])
    if "label_offset" in views:  # a row of classes for each label
        views["label_offset"] = views["label_offset"]._replace(outer=layout.classes, along=1)
    return views


def _offset(call: SoftmaxCall, dtype: torch.dtype) -> Tensor | None:
    """The offset, -inf for classes that do not take part, of shape (C,) or the logits'."""
    offset, valid = call.transform.offset, call.transform.valid_classes
    if valid is None:
        return None if offset is None else offset.to(dtype)
    if isinstance(valid, int):
        valid = torch.arange(call.logits.shape[call.dim], device=call.logits.device) < valid
    if offset is None:
        offset = torch.zeros_like(valid, dtype=dtype)
    if offset.ndim != valid.ndim:
        ndim = call.logits.ndim
        offset, valid = along(offset, ndim, call.dim), along(valid, ndim, call.dim)
    return offset.to(dtype).masked_fill(~valid, -math.inf)
