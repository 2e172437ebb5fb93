"""Losses with one deliberate defect each, and the check that catches them.

    OMP_WAIT_POLICY=passive python -m tests.parity.mutants

prints the table. A mutant is made of xent's own loss, so that all but the defect is right.
"""

import functools
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import forward_ad

import xent
from xent.dispatch import overridable

from . import differences, transforms
from .checks import DERIVATIVE_CHECKS, VALUE_CHECKS, Loss
from .errors import refusals
from .samples import DTYPES, Sample, samples


@dataclass(frozen=True)
class Mutant:
    """A defective loss, and the name of the check that should be the first to catch it."""

    defect: str
    loss: str
    function: Loss
    caught_by: str


MUTANTS: list[Mutant] = []


def mutant(loss: str, defect: str, caught_by: str) -> Callable[[Loss], Loss]:
    """Enters a function in the table. It is called with the intact loss first, then as the loss is called."""

    def enter(function: Loss) -> Loss:
        intact = getattr(xent, loss)

        @overridable
        @functools.wraps(intact)
        def defective(*args: Any, **kwargs: Any) -> Tensor:
            return function(intact, *args, **kwargs)

        MUTANTS.append(Mutant(defect, loss, defective, caught_by))
        return function

    return enter


def every_check(loss: str) -> Iterator[tuple[str, Callable[[Loss], None]]]:
    """The checks of a loss, as (name, check), cheap ones first."""
    for dtype in DTYPES:
        yield from _sample_checks(loss, dtype, VALUE_CHECKS)
    yield from (("refusal", refused.check) for refused in refusals(loss))
    yield from (("difference", difference) for difference in differences.CHECKS[loss])
    yield from _case_checks(loss, compiled=False)
    yield from _sample_checks(loss, torch.float64, DERIVATIVE_CHECKS)
    yield from _case_checks(loss, compiled=True)


def _sample_checks(
    loss: str, dtype: torch.dtype, checks: dict[str, Callable[[Loss, Sample], None]]
) -> Iterator[tuple[str, Callable[[Loss], None]]]:
    """The checks of every sample. The tensors are copies: a mutant may write to them."""
    for name, check in checks.items():
        for sample in samples(loss, dtype):
            if sample.smooth or checks is not DERIVATIVE_CHECKS:
                yield name, functools.partial(check, sample=sample.map(torch.clone))


def _case_checks(loss: str, *, compiled: bool) -> Iterator[tuple[str, Callable[[Loss], None]]]:
    cases = [case.map(torch.clone) for case in transforms.cases().values() if case.loss == loss]
    for name, check in transforms.CHECKS.items():
        if (check in transforms.COMPILED) == compiled:
            for case in cases:
                yield name, functools.partial(check, case=case)


def first_catch(mutant: Mutant) -> tuple[str, str] | None:
    """The name of the first check that fails, and how it fails; None if the mutant passes them all."""
    for name, check in every_check(mutant.loss):
        try:
            check(mutant.function)
        except (Exception, pytest.fail.Exception) as error:
            return name, f"{type(error).__name__}: {error}"
    return None


# Denominators, and what counts


@mutant("cross_entropy", "weighted mean divides by the number of rows", "value")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    if kwargs.get("reduction", "mean") != "mean" or target.is_floating_point() or kwargs.get("weight") is None:
        return intact(input, target, **kwargs)
    counted = (target != kwargs.get("ignore_index", -100)).sum()
    return intact(input, target, **{**kwargs, "reduction": "sum"}) / counted


@mutant("cross_entropy", "ignored rows count in the mean", "value")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    if kwargs.get("reduction", "mean") != "mean" or target.is_floating_point() or kwargs.get("weight") is not None:
        return intact(input, target, **kwargs)
    return intact(input, target, **{**kwargs, "reduction": "sum"}) / target.numel()


@mutant("cross_entropy", "the mean of no rows is 0", "value")
def _(intact: Loss, *args: Any, **kwargs: Any) -> Tensor:
    result = intact(*args, **kwargs)
    return result.nan_to_num(0.0) if result.ndim == 0 else result


@mutant("cross_entropy", "uint8 label 255 is read though it is ignored", "value")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    if target.dtype == torch.uint8:
        kwargs["ignore_index"] = kwargs.get("ignore_index", -100) - 256
        target = target.clamp_max(input.shape[1] - 1)
    return intact(input, target, **kwargs)


@mutant("cross_entropy", "labels out of range are clamped", "refusal")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    if not target.is_floating_point() and target.shape != input.shape and input.ndim == 2:
        inside = target.clamp(0, input.shape[1] - 1)
        target = torch.where(target == kwargs.get("ignore_index", -100), target, inside)
    return intact(input, target, **kwargs)


@mutant("cross_entropy", "-100 is ignored although ignore_index is another", "refusal")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    if target.dtype == torch.int64 and target.shape != input.shape and kwargs.get("ignore_index", -100) >= 0:
        target = target.masked_fill(target == -100, kwargs["ignore_index"])
    return intact(input, target, **kwargs)


@mutant("nll_loss", "weighted mean divides by the number of rows", "value")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    if kwargs.get("reduction", "mean") != "mean" or kwargs.get("weight") is None:
        return intact(input, target, **kwargs)
    counted = (target != kwargs.get("ignore_index", -100)).sum()
    return intact(input, target, **{**kwargs, "reduction": "sum"}) / counted


@mutant("binary_cross_entropy", "the mean divides by the sum of weights", "value")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    if kwargs.get("reduction", "mean") != "mean" or kwargs.get("weight") is None:
        return intact(input, target, **kwargs)
    return intact(input, target, **{**kwargs, "reduction": "sum"}) / kwargs["weight"].expand(input.shape).sum()


@mutant("kl_div", "batchmean is mean", "value")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    if kwargs.get("reduction") == "batchmean":
        return intact(input, target, **{**kwargs, "reduction": "none"}).mean()
    return intact(input, target, **kwargs)


# Formulas


@mutant("cross_entropy", "label smoothing over the C-1 other classes", "value")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    if eps := kwargs.get("label_smoothing"):
        # 1-eps at the label and eps/(C-1) elsewhere is smoothing by eps*C/(C-1).
        classes = input.shape[min(input.ndim - 1, 1)]
        kwargs["label_smoothing"] = min(eps * classes / max(classes - 1, 1), 1.0)
    return intact(input, target, **kwargs)


@mutant("cross_entropy", "the smoothed part is not weighted", "value")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    eps = kwargs.get("label_smoothing", 0.0)
    if not 0 < eps <= 1 or kwargs.get("weight") is None:
        return intact(input, target, **kwargs)
    sharp = intact(input, target, **{**kwargs, "label_smoothing": 0.0})
    flat = intact(input, target, **{**kwargs, "label_smoothing": 1.0, "weight": None})
    return (1 - eps) * sharp + eps * flat


@mutant("cross_entropy", "softmax over the last axis", "value")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    if input.ndim < 3 or target.shape != input.shape:
        return intact(input, target, **kwargs)
    return intact(input, target, **kwargs, dim=-1)


@mutant("cross_entropy", "probabilities are normalised first", "value")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    if target.is_floating_point() and target.shape == input.shape and input.ndim > 1:
        target = target / target.sum(1, keepdim=True)
    return intact(input, target, **kwargs)


@mutant("cross_entropy", "class weights are squared where probabilities are given", "value")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    if target.is_floating_point() and kwargs.get("weight") is not None:
        kwargs["weight"] = kwargs["weight"] ** 2
    return intact(input, target, **kwargs)


@mutant("nll_loss", "negative weights are read as positive", "value")
def _(intact: Loss, *args: Any, **kwargs: Any) -> Tensor:
    if kwargs.get("weight") is not None and not kwargs["weight"].requires_grad:
        kwargs["weight"] = kwargs["weight"].abs()
    return intact(*args, **kwargs)


@mutant("binary_cross_entropy", "no bound on the logarithms", "difference")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    result = intact(input, target, **kwargs)
    if kwargs.get("reduction") != "none" or kwargs.get("weight") is not None:
        return result
    return torch.where(result == 100, torch.inf, result)


@mutant("binary_cross_entropy", "input and target change places", "value")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    return intact(target, input, **kwargs)


@mutant("binary_cross_entropy_with_logits", "pos_weight applies to negatives too", "value")
def _(intact: Loss, *args: Any, **kwargs: Any) -> Tensor:
    return intact(*args, **kwargs, neg_weight=kwargs.get("pos_weight"))


@mutant("binary_cross_entropy_with_logits", "pos_weight lies along the first axis", "value")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    weight = kwargs.get("pos_weight")
    if weight is not None and input.ndim == 2 and weight.shape == (input.shape[0],):
        kwargs["pos_weight"] = weight[:, None]
    return intact(input, target, **kwargs)


@mutant("binary_cross_entropy_with_logits", "targets are rounded to 0 or 1", "value")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    return intact(input, torch.where(target > 0.5, 1.0, 0.0).to(target.dtype) + 0.0 * target, **kwargs)


@mutant("binary_cross_entropy_with_logits", "the logarithm of a sigmoid in two steps", "value")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    if set(kwargs) <= {"reduction"} and target.dtype == input.dtype and input.is_floating_point():
        return xent.binary_cross_entropy(torch.sigmoid(input), target.clamp(0, 1), **kwargs)
    return intact(input, target, **kwargs)


@mutant("kl_div", "log_target is not heeded", "value")
def _(intact: Loss, *args: Any, **kwargs: Any) -> Tensor:
    return intact(*args, **{**kwargs, "log_target": False})


@mutant("kl_div", "the divergence in the other direction", "value")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    log_target = target if kwargs.get("log_target") else target.log()
    return intact(log_target, input, **{**kwargs, "log_target": True})


@mutant("kl_div", "0 log 0 is nan", "difference")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    if kwargs.get("log_target") or kwargs.get("reduction") != "batchmean" or input.shape != target.shape:
        return intact(input, target, **kwargs)
    return (target * (target.log() - input)).sum() / (input.shape[0] if input.ndim else 1)


# Precision


@mutant("cross_entropy", "arithmetic in the dtype of the input", "gradient")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    indexed = target.shape != input.shape
    if kwargs or not indexed or input.dtype != torch.bfloat16 or int(target.max()) >= input.shape[1]:
        return intact(input, target, **kwargs)
    log_p = input - (input - input.max()).exp().sum(1, keepdim=True).log() - input.max()
    return -log_p.gather(1, target.long().unsqueeze(1)).mean()


@mutant("cross_entropy", "the gradient is softmax minus one-hot", "difference")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    if kwargs or target.shape == input.shape or not input.requires_grad or input.dtype != torch.float32:
        return intact(input, target, **kwargs)
    rows = F.softmax(input.detach(), 1) - F.one_hot(target.long(), input.shape[1]) if input.ndim == 2 else 0.0
    if input.ndim != 2:
        return intact(input, target, **kwargs)
    carrier = (input * (rows / input.shape[0])).sum()
    return intact(input.detach(), target) + carrier - carrier.detach()


@mutant("cross_entropy", "the float16 mean sums in float16", "value")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    if kwargs or input.dtype != torch.float16:
        return intact(input, target, **kwargs)
    return intact(input, target, reduction="sum") / input.shape[0]


@mutant("cross_entropy", "the result is always float32", "value")
def _(intact: Loss, *args: Any, **kwargs: Any) -> Tensor:
    result = intact(*args, **kwargs)
    return result.float() if result.dtype == torch.bfloat16 else result


@mutant("nll_loss", "autocast is not heeded", "autocast")
def _(intact: Loss, input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    return intact(input, *args, **kwargs).to(input.dtype)


# Gradients


@mutant("cross_entropy", "the gradient is without the class weights", "gradient")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    weighted = intact(input, target, **kwargs)
    if kwargs.get("weight") is None or target.is_floating_point():
        return weighted
    plain = intact(input, target, **{**kwargs, "weight": None})
    return plain + (weighted - plain).detach()


@mutant("nll_loss", "the gradient has the other sign", "gradient")
def _(intact: Loss, *args: Any, **kwargs: Any) -> Tensor:
    result = intact(*args, **kwargs)
    return 2 * result.detach() - result


@mutant("cross_entropy", "no gradient in probabilities", "gradient")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    return intact(input, target.detach() + 0 * target if target.is_floating_point() else target, **kwargs)


class _Kept(torch.autograd.Function):
    """A mean or sum whose gradient is formed with it; ``finish`` makes of it what backward returns."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, loss: Callable[[Tensor], Tensor], finish: Callable[..., Tensor]) -> Tensor:
        with torch.enable_grad():
            x = input.detach().requires_grad_()
            result = loss(x)
        (ctx.gradient,) = torch.autograd.grad(result, x)
        ctx.finish = finish
        ctx.save_for_backward(input)
        return result.detach()

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, None, None]:
        (_,) = ctx.saved_tensors  # raises in the second backward
        return ctx.finish(ctx.gradient, grad_output), None, None


def _kept(finish: Callable[[Tensor, Tensor], Tensor]) -> Loss:
    """The intact loss, but for a plain mean of labels, which goes through :class:`_Kept`."""

    def loss(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
        plain = set(kwargs) <= {"reduction"} and kwargs.get("reduction", "mean") != "none"
        special = torch._C._are_functorch_transforms_active() or forward_ad._current_level >= 0
        special |= input.dtype == torch.float16 or target.shape == input.shape
        if special or not plain or not input.requires_grad:
            return intact(input, target, **kwargs)
        return _Kept.apply(input, lambda x: intact(x, target, **kwargs), finish)

    return loss


_is_batched = torch._C._functorch.is_legacy_batchedtensor

mutant("cross_entropy", "grad_output is not heeded", "gradient")(_kept(lambda gradient, _: gradient))
mutant("cross_entropy", "the gradient handed over is written to in every backward", "retained graph")(
    _kept(lambda gradient, factor: gradient * factor if _is_batched(factor) else gradient.mul_(factor))
)
mutant("cross_entropy", "double backward is cut", "double backward")(
    _kept(lambda gradient, grad_output: gradient * grad_output)
)


@mutant("binary_cross_entropy_with_logits", "only the sign of grad_output is heeded", "gradient")
def _(intact: Loss, *args: Any, **kwargs: Any) -> Tensor:
    result = intact(*args, **kwargs)
    if result.requires_grad:
        result.register_hook(torch.sign)
    return result


@mutant("binary_cross_entropy", "tangents are dropped", "func jvp")
def _(intact: Loss, input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    if forward_ad._current_level >= 0:
        input = forward_ad.unpack_dual(input).primal
    return intact(input, *args, **kwargs)


@mutant("cross_entropy", "the logits must stay as they are until backward", "changed in place")
def _(intact: Loss, input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    result = intact(input, *args, **kwargs)
    if input.dtype != torch.float64 or torch._C._are_functorch_transforms_active():
        return result
    return result + 0 * (input * input.detach()).sum()


@mutant("kl_div", "the gradient escapes hooks on saved tensors", "nothing escapes hooks")
def _(intact: Loss, *args: Any, **kwargs: Any) -> Tensor:
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: tensor, lambda tensor: tensor):
        return intact(*args, **kwargs)


@mutant("nll_loss", "a graph can be run backward twice", "second backward")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    result = intact(input, target, **kwargs)
    if torch._C._are_functorch_transforms_active() or result.ndim or type(input) is not Tensor or input.is_meta:
        return result
    if not result.requires_grad or not set(kwargs) <= {"weight"} or torch.compiler.is_compiling():
        return result
    (gradient,) = torch.autograd.grad(result, input)
    return result.detach() + _Linear.apply(input, gradient)


class _Linear(torch.autograd.Function):
    """0, with a given gradient."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, gradient: Tensor) -> Tensor:
        ctx.gradient = gradient
        return input.new_zeros(())

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, None]:
        return ctx.gradient * grad_output, None


# Memory and tracing


@mutant("cross_entropy", "strided tensors are read as contiguous", "noncontiguous")
def _(intact: Loss, input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    if input.ndim == 2 and not input.is_contiguous():
        input = input.as_strided(input.shape, (input.shape[1], 1))
    return intact(input, *args, **kwargs)


@mutant("cross_entropy", "the largest logit is subtracted in place", "leaves its input alone")
def _(intact: Loss, input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    if type(input) is Tensor and input.dtype == torch.float64 and input.ndim == 2 and len(input) == 4:
        input.data.sub_(input.detach().amax(1, keepdim=True))
    return intact(input, *args, **kwargs)


@mutant("binary_cross_entropy_with_logits", "the negative bit is not heeded", "lazily negated")
def _(intact: Loss, input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    return intact(-input if type(input) is Tensor and input.is_neg() else input, *args, **kwargs)


@mutant("nll_loss", "values decide the way", "difference")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    return intact(input, target, **kwargs) if bool((target == target).all()) else input.sum()


@mutant("binary_cross_entropy", "a trace fixes the number of rows", "traced")
def _(intact: Loss, input: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
    if kwargs.get("reduction", "mean") != "mean" or not set(kwargs) <= {"reduction", "weight"}:
        return intact(input, target, **kwargs)
    return intact(input, target, **{**kwargs, "reduction": "sum"}) / input.shape.numel()


@mutant("binary_cross_entropy_with_logits", "deprecated arguments are not heeded", "value")
def _(intact: Loss, *args: Any, **kwargs: Any) -> Tensor:
    return intact(*args, **{**kwargs, "size_average": None, "reduce": None})


@mutant("kl_div", "the graph of a compiler breaks", "compiled")
def _(intact: Loss, *args: Any, **kwargs: Any) -> Tensor:
    torch._dynamo.graph_break()
    return intact(*args, **kwargs)


MUTANTS.append(Mutant("subclasses and modes are not asked", "kl_div", xent.kl_div.__wrapped__, "symbolically traced"))


def table() -> Iterator[tuple[str, str, str]]:
    """Mutant, what catches it, how."""
    for each in MUTANTS:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            name, how = first_catch(each) or ("NOTHING", "")
        yield f"{each.loss}: {each.defect}", name, " ".join(how.split())


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    start = time.perf_counter()
    print(f"{'mutant':<92} {'caught by':<22} how")
    for defect, name, how in table():
        print(f"{defect:<92} {name:<22} {how[:110]}")
    print(f"{len(MUTANTS)} mutants, {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
