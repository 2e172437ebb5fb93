"""Calls that torch refuses, from its own error inputs and by its documentation, with its exception and its words."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.common_modules import module_db

from .checks import Loss
from .samples import LOSSES, MODULES, Sample


@dataclass(frozen=True)
class Refused:
    """A call, and how torch refuses it."""

    sample: Sample
    error: type[Exception]
    message: str

    def check(self, loss: Loss) -> None:
        with pytest.raises(self.error, match=self.message) as caught:
            self.sample.call(loss)
        assert caught.type is self.error


@functools.cache
def refusals(loss: str) -> tuple[Refused, ...]:
    return (*_torchs(loss), *_added(loss))


def _torchs(loss: str) -> Iterator[Refused]:
    """Error inputs of the ModuleInfo. The OpInfos have none, which the tests assert."""
    (info,) = (info for info in module_db if MODULES.get(info.module_cls.__name__) == loss)
    if info.module_error_inputs_func is None:
        return
    for dtype in info.dtypes:
        for each in info.module_error_inputs_func(info, "cpu", dtype, requires_grad=False, training=True):
            inputs = each.module_error_input
            sample = Sample(loss, "ModuleInfo", *inputs.forward_input.args, inputs.constructor_input.kwargs)
            yield Refused(sample, each.error_type, each.error_regex)


def op_error_inputs() -> list[str]:
    """The losses whose OpInfo has error inputs."""
    names = {f"nn.functional.{loss}" for loss in LOSSES}
    return [info.name for info in op_db if info.name in names and info.error_inputs_func is not None]


def _added(loss: str) -> Iterator[Refused]:
    for input, target, kwargs, error, message in ADDED[loss]():
        yield Refused(Sample(loss, "added", input, target, kwargs), error, message)


Row = tuple[Tensor, Tensor, dict[str, Any], type[Exception], str]


def _class_rows(smoothed: bool) -> Iterator[Row]:
    """What cross_entropy and nll_loss have in common."""
    z, y = torch.randn(4, 3).log_softmax(1), torch.tensor([0, 1, 2, 0])
    for wrong in (3, -1, 255):
        labels = torch.tensor([0, wrong, 2, 0])
        yield z, labels, {}, IndexError, f"Target {wrong} is out of bounds."
        yield z, labels, {"reduction": "none"}, IndexError, f"Target {wrong} is out of bounds."
        yield z.bfloat16(), labels, {}, IndexError, f"Target {wrong} is out of bounds."
    labels = torch.tensor([0, -100, 2, 0])
    yield z, labels, {"ignore_index": 1}, IndexError, "Target -100 is out of bounds."
    yield z, torch.tensor([0, 255, 2, 0], dtype=torch.uint8), {}, IndexError, "Target 255 is out of bounds."
    yield z, y[:3], {}, ValueError, r"Expected input batch_size \(4\) to match target batch_size \(3\)"
    yield z.long(), y, {}, NotImplementedError, "not implemented for 'Long'"
    yield z, y, {"reduction": "average"}, ValueError, "average is not a valid value for reduction"
    weight = "weight tensor should be defined either for all 3 classes or no classes but got weight tensor of shape"
    yield z, y, {"weight": torch.ones(2)}, RuntimeError, weight
    yield z, y, {"weight": torch.ones(3, 1)}, RuntimeError, weight
    dtype = "expected scalar type Float but found Double"
    yield z, y, {"weight": torch.ones(3).double()}, RuntimeError, dtype
    yield (
        torch.randn(2, 3, 5),
        torch.zeros(2, 4).long(),
        {},
        RuntimeError,
        r"Expected target size \[2, 5\], got \[2, 4\]",
    )
    gradient = "is not differentiable with respect to argument 'weight'"
    yield z, y, {"weight": torch.ones(3, requires_grad=True)}, RuntimeError, gradient
    if smoothed:
        yield z, y.float(), {}, RuntimeError, "expected target dtype to be Long or Byte, but got Float"
        yield z, y.bool(), {}, RuntimeError, "expected target dtype to be Long or Byte, but got Bool"
        yield z, y, {"label_smoothing": 1.1}, RuntimeError, "label_smoothing must be between 0.0 and 1.0. Got: 1.1"
        yield z, z.exp(), {"ignore_index": 0}, RuntimeError, "ignore_index is not supported for floating point target"
        integers = "Expected floating point type for target with class probabilities, got Long"
        yield z, torch.ones(4, 3).long(), {}, RuntimeError, integers


def _binary_rows() -> Iterator[Row]:
    """What both binary losses have in common."""
    p, y = torch.rand(4, 3), torch.rand(4, 3)
    yield p, y, {"reduction": "average"}, ValueError, "average is not a valid value for reduction"
    gradient = "is not differentiable with respect to argument 'weight'"
    yield p, y, {"weight": torch.ones(3, requires_grad=True)}, RuntimeError, gradient


def _probability_rows() -> Iterator[Row]:
    yield from _binary_rows()
    p, y = torch.rand(4, 3), torch.rand(4, 3)
    yield p, y[:, :1], {}, ValueError, "Using a target size .* that is different to the input size"
    yield p + 1.0, y, {}, RuntimeError, "all elements of input should be between 0 and 1"
    yield -p - 0.1, y, {}, RuntimeError, "all elements of input should be between 0 and 1"
    yield p * torch.nan, y, {}, RuntimeError, "all elements of input should be between 0 and 1"
    yield p, y + 1.0, {}, RuntimeError, "all elements of target should be between 0 and 1"
    yield p, y.double(), {}, RuntimeError, "Found dtype Double but expected Float"


def _logit_rows() -> Iterator[Row]:
    yield from _binary_rows()
    z, y = torch.randn(4, 3), torch.rand(4, 3)
    yield z, y[:, :1], {}, ValueError, r"Target size \(torch.Size\(\[4, 1\]\)\) must be the same as input size"
    yield z, (y > 0.5).long(), {}, RuntimeError, "result type Float can't be cast to the desired output type Long"
    gradient = "is not differentiable with respect to argument 'pos_weight'"
    yield z, y, {"pos_weight": torch.ones(3, requires_grad=True)}, RuntimeError, gradient


def _divergence_rows() -> Iterator[Row]:
    x, t = torch.randn(4, 3).log_softmax(1), torch.rand(4, 3)
    yield x, t, {"reduction": "average"}, ValueError, "average is not a valid value for reduction"
    yield x, t[:, :2], {"reduction": "sum"}, RuntimeError, "The size of .* must "


ADDED = {
    "cross_entropy": functools.partial(_class_rows, smoothed=True),
    "nll_loss": functools.partial(_class_rows, smoothed=False),
    "binary_cross_entropy": _probability_rows,
    "binary_cross_entropy_with_logits": _logit_rows,
    "kl_div": _divergence_rows,
}
