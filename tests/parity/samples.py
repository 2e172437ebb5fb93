"""What the losses are called with: PyTorch's own sample inputs, and what they leave out.

torch's samples (OpInfo, ModuleInfo, criterion tests) have no label smoothing beside probabilities, no confident
logits, no uint8 labels, no empty batch, no probability of zero; these are added here.
"""

import functools
import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.common_modules import module_db
from torch.testing._internal.common_nn import criterion_tests
from torch.testing._internal.common_utils import noncontiguous_like

MODULES = {
    "CrossEntropyLoss": "cross_entropy",
    "NLLLoss": "nll_loss",
    "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "KLDivLoss": "kl_div",
}
LOSSES = tuple(MODULES.values())
DTYPES = (torch.float64, torch.float32, torch.bfloat16, torch.float16)
REDUCTIONS = ("mean", "sum", "none")


@dataclass(frozen=True)
class Sample:
    """One call of a loss. ``smooth`` says that finite differences make sense there."""

    loss: str
    origin: str
    input: Tensor
    target: Tensor
    kwargs: dict[str, Any] = field(default_factory=dict)
    smooth: bool = True

    @property
    def torch_loss(self) -> Callable[..., Tensor]:
        return getattr(F, self.loss)

    @property
    def is_indexed(self) -> bool:
        return not self.target.is_floating_point()

    def __str__(self) -> str:
        settings = {k: _brief(v) for k, v in self.kwargs.items()}
        return f"{self.loss}({_brief(self.input)}, {_brief(self.target)}, {settings}) [{self.origin}]"

    def map(self, function: Callable[[Tensor], Tensor]) -> "Sample":
        """The sample with every tensor replaced."""
        kwargs = {k: function(v) if isinstance(v, Tensor) else v for k, v in self.kwargs.items()}
        return replace(self, input=function(self.input), target=function(self.target), kwargs=kwargs)

    def to(self, dtype: torch.dtype) -> "Sample":
        """The sample with every floating-point tensor in ``dtype``."""
        return self.map(lambda t: t.detach().to(dtype) if t.is_floating_point() else t)

    def torchs(self) -> "Sample":
        """The sample as torch takes it: labels in int64, since for images it takes no other, not even uint8."""
        return replace(self, target=self.target.long()) if self.is_indexed else self

    def noncontiguous(self) -> "Sample":
        """The sample with every other element of a larger buffer as its tensors."""
        return self.map(lambda t: noncontiguous_like(t.detach()))

    def differentiable(self) -> tuple[str, ...]:
        """The arguments that torch forms a gradient for."""
        if self.is_indexed:
            return ("input",)
        has_weight = self.loss == "cross_entropy" and isinstance(self.kwargs.get("weight"), Tensor)
        return ("input", "target", "weight") if has_weight else ("input", "target")

    def call(self, loss: Callable[..., Tensor], **replaced: Tensor) -> Tensor:
        """The result of ``loss``, with some arguments replaced."""
        named = {"input": self.input, "target": self.target, **self.kwargs, **replaced}
        return loss(named.pop("input"), named.pop("target"), **named)

    def leaves(self) -> dict[str, Tensor]:
        """Fresh leaves for the differentiable arguments, of the same layout."""
        named = {"input": self.input, "target": self.target, **self.kwargs}
        return {name: named[name].detach().requires_grad_() for name in self.differentiable()}


def _brief(value: object) -> object:
    if not isinstance(value, Tensor):
        return value
    return f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)}"


@functools.cache
def samples(loss: str, dtype: torch.dtype) -> tuple[Sample, ...]:
    """Every sample of a loss in a dtype, always the same."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(0)
        random.seed(0)
        sources = (_op_samples, _module_samples, _criterion_samples, _added_samples)
        return tuple(sample for source in sources for sample in source(loss, dtype))


def _op_samples(loss: str, dtype: torch.dtype) -> Iterator[Sample]:
    (info,) = (info for info in op_db if info.name == f"nn.functional.{loss}")
    if dtype in info.supported_dtypes("cpu"):
        for number, sample in enumerate(info.sample_inputs("cpu", dtype)):
            yield Sample(loss, f"OpInfo {number}", sample.input, sample.args[0], sample.kwargs)


def _module_samples(loss: str, dtype: torch.dtype) -> Iterator[Sample]:
    for origin, module_input in module_inputs(loss, dtype):
        input, target = module_input.forward_input.args
        # torch's KLDivLoss inputs hold logarithms of negative numbers, and one tensor as both input and target.
        smooth = not (input is target or input.isnan().any() or target.isnan().any())
        yield Sample(loss, origin, input, target, module_input.constructor_input.kwargs, smooth)


def module_inputs(loss: str, dtype: torch.dtype) -> Iterator[tuple[str, Any]]:
    """torch's ModuleInputs of a loss, and their names, in the dtypes that its ModuleInfo lists."""
    (info,) = (info for info in module_db if MODULES.get(info.module_cls.__name__) == loss)
    if dtype in info.dtypes:
        for each in info.module_inputs_func(info, "cpu", dtype, requires_grad=False, training=True):
            yield f"ModuleInfo {each.desc}", each


def _criterion_samples(loss: str, dtype: torch.dtype) -> Iterator[Sample]:
    for name, reduction, test in criterion_cases():
        if MODULES[name] == loss:
            target = test["target_fn"]()
            target = target.to(dtype) if target.is_floating_point() else target
            yield Sample(loss, test["fullname"], test["input_fn"]().to(dtype), target, {"reduction": reduction})


def criterion_cases() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """torch's criterion tests of the losses: module, reduction, and the test's settings.

    Their constructors are closures over a loop variable and all make the last reduction, "sum"; the reduction that is
    meant stands in the name.
    """
    for test in criterion_tests:
        name, _, reduction = test["fullname"].partition("_no_batch_dim_")
        if name in MODULES:
            yield name, reduction, test


def _added_samples(loss: str, dtype: torch.dtype) -> Iterator[Sample]:
    for origin, input, target, kwargs in ADDED[loss]():
        sample = Sample(loss, origin, input, target, kwargs, smooth=not origin.startswith("edge"))
        yield sample.to(dtype)


Added = Iterator[tuple[str, Tensor, Tensor, dict[str, Any]]]


def _deprecated() -> Iterator[dict[str, Any]]:
    for size_average, reduce in itertools.product((None, True, False), repeat=2):
        if (size_average, reduce) != (None, None):
            yield {"size_average": size_average, "reduce": reduce}
    yield {"reduction": "elementwise_mean"}


def _cross_entropy() -> Added:
    z = 3 * torch.randn(6, 5, dtype=torch.float64)
    y = torch.tensor([0, 4, 2, -100, 1, 2])
    t = torch.rand(6, 5, dtype=torch.float64).softmax(1)
    w = torch.rand(5, dtype=torch.float64) + 0.1
    for reduction, eps in itertools.product(REDUCTIONS, (0.1, 1.0)):
        smoothing = {"reduction": reduction, "label_smoothing": eps}
        yield "smoothed labels", z, y, smoothing
        yield "smoothed labels, weighted", z, y, {**smoothing, "weight": w}
        yield "smoothed probabilities", z, t, smoothing
        yield "smoothed probabilities, weighted", z, t, {**smoothing, "weight": w}
    lead = torch.tensor([4.0, 8.0, 12.0, 16.0, 17.0, 20.0, 40.0], dtype=torch.float64)
    confident = torch.randn(7, 5, dtype=torch.float64).scatter_add(1, torch.ones(7, 1).long(), lead[:, None])
    for label, reduction in itertools.product((0, 1), REDUCTIONS):
        yield f"confident, label {label}", confident, torch.full((7,), label), {"reduction": reduction}
    yield "confident, probabilities", confident, F.one_hot(torch.ones(7).long(), 5).double(), {}
    images = torch.randn(2, 3, 4, 5, dtype=torch.float64)
    weight = w[:3]
    pixels = torch.randint(0, 3, (2, 4, 5), dtype=torch.uint8)
    pixels[:, ::2] = 255
    for reduction in REDUCTIONS:
        kwargs = {"ignore_index": 255, "reduction": reduction}
        yield "uint8 labels, 255 ignored", images, pixels, kwargs
        yield "uint8 labels, weighted", images, pixels, {**kwargs, "weight": weight}
        yield "int32 labels", z, y.int(), {"reduction": reduction}
        yield "int16 labels", z, y.short(), {"reduction": reduction}
        yield "one row", z[0], torch.tensor(3), {"reduction": reduction, "weight": w}
        yield "one row, probabilities", z[0], t[0], {"reduction": reduction, "weight": w}
        yield "edge: empty batch", z[:0], y[:0], {"reduction": reduction}
        yield "edge: empty batch of probabilities", z[:0], t[:0], {"reduction": reduction}
        yield "edge: all ignored", z, torch.full((6,), -100), {"reduction": reduction, "label_smoothing": 0.1}
        yield "edge: all weights zero", z, y, {"reduction": reduction, "weight": torch.zeros(5).double()}
        yield "one class", z[:, :1], torch.zeros(6).long(), {"reduction": reduction}
    yield "many classes", torch.randn(3, 1000, dtype=torch.float64), torch.tensor([0, 999, 500]), {}
    for kwargs in _deprecated():
        yield "deprecated arguments", z, y, kwargs


def _nll_loss() -> Added:
    x = torch.randn(6, 5, dtype=torch.float64).log_softmax(1)
    y = torch.tensor([0, 4, 2, -100, 1, 2])
    w = torch.rand(5, dtype=torch.float64) + 0.1
    pixels = torch.randint(0, 5, (6, 4), dtype=torch.uint8)
    pixels[:, ::2] = 255
    for reduction in REDUCTIONS:
        kwargs = {"reduction": reduction, "weight": w}
        yield "ignored row", x, y, kwargs
        images = x.unsqueeze(2).expand(6, 5, 4).contiguous()
        yield "uint8 labels, 255 ignored", images, pixels, {**kwargs, "ignore_index": 255}
        yield "one row", x[0], torch.tensor(3), kwargs
        yield "edge: empty batch", x[:0], y[:0], kwargs
        yield "edge: all ignored", x, torch.full((6,), -100), kwargs
        yield "edge: all weights zero", x, y, {"reduction": reduction, "weight": torch.zeros(5).double()}
    for kwargs in _deprecated():
        yield "deprecated arguments", x, y, kwargs


def _binary_cross_entropy() -> Added:
    p = torch.rand(4, 3, dtype=torch.float64)
    y = torch.rand(4, 3, dtype=torch.float64)
    sure = torch.tensor([1e-3, 1e-6, 1 - 2**-6, 1 - 2**-6], dtype=torch.float64)
    for reduction in REDUCTIONS:
        yield "weight of one axis", p, y, {"reduction": reduction, "weight": torch.rand(3).double()}
        yield "edge: p near 0 or 1", sure, torch.tensor([1.0, 0.0, 1.0, 0.0]).double(), {"reduction": reduction}
        yield "edge: empty batch", p[:0], y[:0], {"reduction": reduction}
    for kwargs in _deprecated():
        yield "deprecated arguments", p, y, kwargs


def _binary_cross_entropy_with_logits() -> Added:
    z = 3 * torch.randn(4, 3, dtype=torch.float64)
    y = torch.rand(4, 3, dtype=torch.float64)
    hard = (torch.arange(12).reshape(4, 3) % 2).double()
    lead = torch.tensor([-40.0, -17.0, -8.0, -4.0, 4.0, 8.0, 17.0, 40.0], dtype=torch.float64)
    w, v = torch.rand(3, dtype=torch.float64) + 0.1, torch.rand(3, dtype=torch.float64) + 1.5
    for reduction in REDUCTIONS:
        kwargs = {"reduction": reduction}
        yield "pos_weight", z, hard, {**kwargs, "pos_weight": v}
        yield "pos_weight of one number", z, y, {**kwargs, "pos_weight": v[:1], "weight": w}
        yield "pos_weight of 0", z, hard, {**kwargs, "pos_weight": torch.zeros(3).double()}
        yield "pos_weight along rows", z, y, {**kwargs, "pos_weight": torch.rand(4, 1).double()}
        yield "confident positives", lead, torch.ones(8).double(), kwargs
        yield "confident negatives", lead, torch.zeros(8).double(), kwargs
        yield "targets outside [0, 1]", z, 4 * y - 2, kwargs
        yield "edge: empty batch", z[:0], y[:0], kwargs
    for kwargs in _deprecated():
        yield "deprecated arguments", z, y, kwargs


def _kl_div() -> Added:
    x = torch.randn(4, 3, dtype=torch.float64).log_softmax(1)
    t = torch.randn(4, 3, dtype=torch.float64).softmax(1)
    for reduction in (*REDUCTIONS, "batchmean"):
        kwargs = {"reduction": reduction}
        yield "target of one row", x, t[0], kwargs
        yield "logarithms of one row", x, t[0].log(), {**kwargs, "log_target": True}
        yield "input of one row", x[:1], t, kwargs
        yield "equal distributions", x, x.exp(), kwargs
        yield "edge: empty batch", x[:0], t[:0], kwargs
    for kwargs in _deprecated():
        yield "deprecated arguments", x, t, kwargs


ADDED: dict[str, Callable[[], Added]] = {
    "cross_entropy": _cross_entropy,
    "nll_loss": _nll_loss,
    "binary_cross_entropy": _binary_cross_entropy,
    "binary_cross_entropy_with_logits": _binary_cross_entropy_with_logits,
    "kl_div": _kl_div,
}
