"""Bad input of every kind: the exception, and a text that names the argument, what was given and what to give.

Where torch raises too, the exception is torch's and the text begins with torch's words; the test calls torch to see.
"""

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import xent
from xent import Event, LogitTransform

LOGITS, LABELS = torch.zeros(4, 3), torch.tensor([0, 1, 2, 0])
IMAGE, IMAGE_LABELS = torch.zeros(4, 3, 2, 5), torch.zeros(4, 2, 5, dtype=torch.long)
HALVES = torch.full((4, 3), 0.5)
META = torch.device("meta")
REFUSALS = (IndexError, RuntimeError, TypeError, ValueError)


def _call(loss: str, *arguments: Any, **settings: Any) -> Callable[[Any], Tensor]:
    return lambda library: getattr(library, loss)(*arguments, **settings)


def _ce(target: Any = LABELS, input: Any = LOGITS, **settings: Any) -> Callable[[Any], Tensor]:
    return _call("cross_entropy", input, target, **settings)


def _nll(target: Any = LABELS, input: Any = LOGITS, **settings: Any) -> Callable[[Any], Tensor]:
    return _call("nll_loss", input, target, **settings)


def _bce(target: Any = HALVES, input: Any = HALVES, **settings: Any) -> Callable[[Any], Tensor]:
    return _call("binary_cross_entropy", input, target, **settings)


def _logits(target: Any = HALVES, input: Any = LOGITS, **settings: Any) -> Callable[[Any], Tensor]:
    return _call("binary_cross_entropy_with_logits", input, target, **settings)


def _kl(target: Any = HALVES, input: Any = LOGITS, **settings: Any) -> Callable[[Any], Tensor]:
    return _call("kl_div", input, target, **({"reduction": "sum"} | settings))


def _weight(*shape: int, **settings: Any) -> Tensor:
    return torch.ones(shape, **settings)


# Torch raises as well: the call, and what xent's text says beyond torch's words.
AS_TORCH = {
    "label too large": (_ce(torch.tensor([0, 1, 3, 0])), "`target` must hold classes in [0, 2], for the 3 classes"),
    "label below 0": (_ce(torch.tensor([0, -1, 2, 0])), "`target` must hold classes in [0, 2]"),
    "label too large, nll": (_nll(torch.tensor([7, 1, 2, 0])), "or ignore_index=-100"),
    "label in an image": (_ce(IMAGE_LABELS + 3, IMAGE), "`target` must hold classes in [0, 2]"),
    "batch size": (_ce(LABELS[:3]), "class indices of shape (4,) or probabilities of shape (4, 3), got shape (3,)"),
    "batch size, nll": (_nll(LABELS[:3]), "`target` must hold class indices of shape (4,), got shape (3,)"),
    "batch size, scalar": (_ce(LABELS[0]), "got shape ()"),
    "batch size of an image": (_ce(IMAGE_LABELS[:3], IMAGE), "class indices of shape (4, 2, 5)"),
    "two labels for one row": (_ce(LABELS[:2], LOGITS[0]), "class indices of shape () or probabilities of shape (3,)"),
    "labels in a column": (_ce(LABELS[:, None]), "class indices of shape (4,)"),
    "probabilities for nll": (_nll(HALVES), "class indices of shape (4,), got shape (4, 3)"),
    "probabilities of fewer classes": (_ce(HALVES[:, :2]), "or probabilities of shape (4, 3), got shape (4, 2)"),
    "label axes": (_ce(torch.zeros(4, 5, dtype=torch.long), IMAGE[..., 0]), "class indices of shape (4, 2)"),
    "target dtype": (_ce(LABELS.float()), "Pass class indices in `target`, of dtype int64, int32, int16 or uint8"),
    "target dtype bool": (_ce(LABELS.bool()), "Probabilities have the shape of `input`, (4, 3)"),
    "target dtype int8": (_ce(LABELS.to(torch.int8)), "Pass class indices in `target`"),
    "target dtype, nll": (_nll(LABELS.float()), "Pass class indices in `target`"),
    "one-hot integers": (_ce(LOGITS.long()), "pass target.float(), or class indices without the class axis"),
    "ignore_index with probabilities": (_ce(HALVES, ignore_index=1), "left out with `mask`"),
    "smoothing above 1": (_ce(label_smoothing=1.5), "Got: 1.5"),
    "weight of fewer classes": (_ce(weight=_weight(2)), "shape: [2]"),
    "weight of fewer classes, nll": (_nll(weight=_weight(2)), "shape: [2]"),
    "weight of two axes": (_ce(weight=_weight(3, 1)), "shape: [3, 1]"),
    "weight dtype": (
        _ce(weight=_weight(3).double()),
        "pass `weight` in the dtype of `input`, weight.to(torch.float32)",
    ),
    "reduction": (_ce(reduction="avg"), "Pass one of none, mean, sum"),
    "reduction, nll": (_nll(reduction="batchmean"), "Pass one of none, mean, sum"),
    "reduction None": (_ce(reduction=None), "Pass one of none, mean, sum"),
    "reduction, bce": (_bce(reduction="avg"), "Pass one of none, mean, sum"),
    "reduction, logits": (_logits(reduction="avg"), "Pass one of none, mean, sum"),
    "reduction, kl": (_kl(reduction="avg"), "Pass one of none, mean, sum, batchmean"),
    "bce target size": (_bce(HALVES.reshape(12)), "Pass target.reshape((4, 3))"),
    "bce target too short": (_bce(HALVES[:2]), "size (torch.Size([2, 3]))"),
    "bce input above 1": (_bce(input=HALVES + 1), "got 1.5. For logits, use binary_cross_entropy_with_logits"),
    "bce input below 0": (_bce(input=HALVES - 1), "got -0.5"),
    "bce input nan": (_bce(input=HALVES * math.nan), "got nan"),
    "bce target above 1": (_bce(HALVES + 1), "got 1.5"),
    "bce target dtype": (_bce(HALVES.double()), "pass `target` in the dtype of `input`, target.to(torch.float32)"),
    "bce integer target": (_bce(HALVES.long()), "target.to(torch.float32)"),
    "bce integers": (_bce(HALVES.long(), HALVES.long()), "Pass `input` as floating point, for example input.float()"),
    "logits target size": (_logits(HALVES.reshape(12)), "Pass target.reshape((4, 3))"),
    "logits target too short": (_logits(HALVES[:2]), "size (torch.Size([2, 3]))"),
    "logits integer target": (_logits(LOGITS.long()), "Pass target.float()"),
    "logits weight with gradient": (_logits(weight=_weight(3, requires_grad=True)), "Pass weight.detach()"),
    "pos_weight with gradient": (_logits(pos_weight=_weight(3, requires_grad=True)), "Pass pos_weight.detach()"),
    "kl integer input": (_kl(input=LOGITS.long()), "`input` has dtype torch.int64; pass input.float()"),
    "kl integer target": (_kl(LOGITS.long()), "`target` has dtype torch.int64; pass target.float()"),
}

# Torch raises the same exception in words of its kernels.
AS_TORCH_IN_OTHER_WORDS = {
    "list as input": (_ce(input=[[1.0, 2.0]]), "cross_entropy(): argument 'input' must be Tensor, not list"),
    "list as target": (_ce([0, 1, 2, 0]), "cross_entropy(): argument 'target' must be Tensor, not list"),
    "list as weight": (_ce(weight=[1.0, 1.0, 1.0]), "cross_entropy(): argument 'weight' must be Tensor, not list"),
    "list as weight, nll": (_nll(weight=[1.0] * 3), "nll_loss(): argument 'weight' must be Tensor, not list"),
    "number as pos_weight": (_logits(pos_weight=2.0), "argument 'pos_weight' must be Tensor, not float"),
    "list as kl target": (_kl([0.5]), "kl_div(): argument 'target' must be Tensor, not list"),
    "smoothing": (_ce(label_smoothing="a"), "`label_smoothing` must be a number, not str"),
    "ignore_index None": (_ce(ignore_index=None), "`ignore_index` must be an int, not NoneType"),
    "ignore_index 1.5": (_nll(ignore_index=1.5), "`ignore_index` must be an int, not float"),
    "weight with gradient": (_ce(weight=_weight(3, requires_grad=True)), "argument 'weight'. This input cannot have"),
    "weight with gradient, nll": (_nll(weight=_weight(3, requires_grad=True)), "Pass weight.detach()"),
    "integer logits": (_ce(input=LOGITS.long()), "Pass `input` as floating point, for example input.float()"),
    "complex logits": (_ce(input=LOGITS.cfloat()), "not implemented for 'ComplexFloat'"),
    "integer binary logits": (_logits(input=LOGITS.long()), "Pass `input` as floating point"),
    "weight on another device": (_ce(weight=_weight(3, device=META)), "`weight` is on meta and `input` is on cpu"),
    "spatial labels, nll": (_nll(IMAGE_LABELS[:, :, :3], IMAGE), "Expected target size [4, 2, 5], got [4, 2, 3]"),
    "labels without an axis, nll": (_nll(IMAGE_LABELS[:, 0], IMAGE), "Expected target size [4, 2, 5], got [4, 5]"),
    "bce weight": (
        _bce(weight=_weight(5)),
        "size of `weight`, (5,), must be broadcastable to the size of `input`, (4, 3)",
    ),
    "logits weight": (_logits(weight=_weight(5)), "`weight`, (5,), must be broadcastable to the size of `input`"),
    "pos_weight": (_logits(pos_weight=_weight(2)), "`pos_weight`, (2,), must be broadcastable to the size of `input`"),
    "kl target size": (_kl(HALVES[:, :2]), "`target`, (4, 2), must be broadcastable with the size of `input`, (4, 3)"),
}

SMOOTH = {"label_smoothing": 0.1}
PRIOR = "smoothing_prior"


def _transformed(**settings: Any) -> Callable[[Any], Tensor]:
    return _ce(logits=LogitTransform(**settings))


def _binary(**settings: Any) -> Callable[[Any], Tensor]:
    return _logits(logits=LogitTransform(**settings))


def _new(kind: type, **settings: Any) -> Callable[[Any], Any]:
    return lambda _: kind(**settings)


# Settings that torch does not have, or does not check.
OWN = {
    "no axes": (_ce(LABELS[0], LOGITS[0, 0]), ValueError, "Expected 1 or more dimensions (got 0): `input` must have"),
    "dim too large": (_ce(dim=2), IndexError, "`dim` must be in [-2, 1] for an input of shape (4, 3), got 2"),
    "dim too small": (_nll(dim=-3), IndexError, "`dim` must be in [-2, 1] for an input of shape (4, 3), got -3"),
    "dim 0.5": (_ce(dim=0.5), TypeError, "`dim` must be an int, not float"),
    "smoothing below 0": (_ce(label_smoothing=-0.1), RuntimeError, "between 0.0 and 1.0. Got: -0.1"),
    "smoothing nan": (_ce(label_smoothing=math.nan), RuntimeError, "between 0.0 and 1.0. Got: nan"),
    "smoothing, logits": (_logits(label_smoothing=2), RuntimeError, "between 0.0 and 1.0. Got: 2"),
    "sample_weight shape": (
        _ce(sample_weight=_weight(3)),
        ValueError,
        "`sample_weight` must have shape (4,), got (3,)",
    ),
    "sample_weight column": (_ce(sample_weight=_weight(4, 1)), ValueError, "must have shape (4,), got (4, 1)"),
    "sample_weight number": (_ce(sample_weight=_weight()), ValueError, "must have shape (4,), got ()"),
    "sample_weight of elements": (_logits(sample_weight=_weight(3)), ValueError, "shape (4, 3) or (4,), got (3,)"),
    "sample_weight list": (_ce(sample_weight=[1.0]), TypeError, "`sample_weight` must be a tensor, not list"),
    "sample_weight complex": (
        _ce(sample_weight=_weight(4).cfloat()),
        TypeError,
        "must hold real numbers, got torch.compl",
    ),
    "sample_weight with gradient": (
        _ce(sample_weight=_weight(4, requires_grad=True)),
        ValueError,
        "sample_weight.detach()",
    ),
    "sample_weight device": (
        _ce(sample_weight=_weight(4, device=META)),
        RuntimeError,
        "Pass sample_weight.to(input.device)",
    ),
    "mask shape": (_ce(mask=_weight(3).bool()), ValueError, "`mask` must have shape (4,), got (3,)"),
    "mask dtype": (
        _ce(mask=_weight(4)),
        TypeError,
        "`mask` must be a bool tensor, true for what counts, got torch.float32",
    ),
    "mask list": (_ce(mask=[True] * 4), TypeError, "`mask` must be a tensor, not list"),
    "mask, kl": (_kl(mask=_weight(3).bool()), ValueError, "`mask` must have shape (4, 3) or (4,), got (3,)"),
    "mask, bce": (_bce(mask=_weight(4)), TypeError, "Pass mask.bool()"),
    "normalizer 0": (_ce(normalizer=0), ValueError, "`normalizer` must be finite and above 0, got 0"),
    "normalizer inf": (_ce(normalizer=math.inf), ValueError, "`normalizer` must be finite and above 0, got inf"),
    "normalizer nan": (_bce(normalizer=math.nan), ValueError, "`normalizer` must be finite and above 0, got nan"),
    "normalizer text": (_ce(normalizer="4"), TypeError, "`normalizer` must be a number or a tensor, not str"),
    "normalizer numbers": (_ce(normalizer=_weight(2)), ValueError, "`normalizer` must hold one number, got shape (2,)"),
    "normalizer with gradient": (_ce(normalizer=_weight(requires_grad=True)), ValueError, "Pass normalizer.detach()"),
    "normalizer of a sum": (_ce(normalizer=2, reduction="sum"), ValueError, "no meaning with reduction='sum'"),
    "normalizer of none": (_kl(normalizer=2, reduction="none"), ValueError, "no meaning with reduction='none'"),
    "prior without smoothing": (_ce(smoothing_prior=_weight(3)), ValueError, "Pass label_smoothing above 0"),
    "prior shape": (
        _ce(**SMOOTH, smoothing_prior=_weight(2)),
        ValueError,
        f"`{PRIOR}` must have shape (3,), one a class, got (2,)",
    ),
    "prior dtype": (
        _ce(**SMOOTH, smoothing_prior=LABELS[:3]),
        TypeError,
        f"`{PRIOR}` must be floating point, got torch.int64",
    ),
    "prior list": (_ce(**SMOOTH, smoothing_prior=[1.0]), TypeError, f"argument '{PRIOR}' must be Tensor, not list"),
    "prior with gradient": (
        _ce(**SMOOTH, smoothing_prior=_weight(3, requires_grad=True)),
        RuntimeError,
        f"{PRIOR}.detach()",
    ),
    "prior device": (
        _ce(**SMOOTH, smoothing_prior=_weight(3, device=META)),
        RuntimeError,
        f"Pass {PRIOR}.to(input.device)",
    ),
    "prior without smoothing, logits": (
        _logits(smoothing_prior=_weight(3)),
        ValueError,
        "Pass label_smoothing above 0",
    ),
    "prior shape, logits": (
        _logits(**SMOOTH, smoothing_prior=_weight(2)),
        RuntimeError,
        f"`{PRIOR}`, (2,), must be broadcast",
    ),
    "z_loss below 0": (_ce(z_loss=-1), ValueError, "`z_loss` must be finite and at least 0, got -1"),
    "z_loss inf": (_ce(z_loss=math.inf), ValueError, "`z_loss` must be finite and at least 0, got inf"),
    "z_loss text": (_ce(z_loss="1"), TypeError, "`z_loss` must be a number, not str"),
    "z_loss bool": (_ce(z_loss=True), TypeError, "`z_loss` must be a number, not bool"),
    "event": (_ce(event=2), TypeError, "`event` must be an xent.Event, not int"),
    "event with shift": (
        _ce(event=Event(shift=0.1)),
        ValueError,
        "`event` has shift=0.1, which belongs to the negative side",
    ),
    "positive": (_logits(positive=2), TypeError, "`positive` must be an xent.Event, not int"),
    "positive with shift": (_logits(positive=Event(shift=0.1)), ValueError, "`positive` has shift=0.1"),
    "negative": (_logits(negative=None), TypeError, "`negative` must be an xent.Event, not NoneType"),
    "neg_scale 0": (_logits(neg_scale=0), ValueError, "`neg_scale` must be finite and above 0, got 0"),
    "neg_scale text": (_logits(neg_scale="1"), TypeError, "`neg_scale` must be a number, not str"),
    "prior all zero": (
        _ce(label_smoothing=0.1, smoothing_prior=torch.zeros(3)),
        ValueError,
        "`smoothing_prior` must hold finite numbers of at least 0, not all 0",
    ),
    "prior negative": (
        _ce(label_smoothing=0.1, smoothing_prior=torch.tensor([1.0, -0.5, 0.5])),
        ValueError,
        "`smoothing_prior` must hold finite numbers of at least 0",
    ),
    "prior above 1, binary": (
        _logits(label_smoothing=0.1, smoothing_prior=torch.tensor([0.5, 2.0, 0.5])),
        RuntimeError,
        "all elements of smoothing_prior should be between 0 and 1, got 2.0",
    ),
    "smoothing of several": (
        _ce(label_smoothing=torch.tensor([0.1, 0.2])),
        TypeError,
        "`label_smoothing` must be one number, got a tensor of shape (2,)",
    ),
    "smoothing with gradient": (
        _ce(label_smoothing=torch.tensor(0.1, requires_grad=True)),
        RuntimeError,
        "Pass label_smoothing.item()",
    ),
    "several ignore_index": (_ce(ignore_index=LABELS), TypeError, "`ignore_index` must be an int, not a tensor"),
    "binary ignore_index nan": (_logits(ignore_index=math.nan), ValueError, "Pass mask=~target.isnan()"),
    "complex normalizer": (
        _ce(normalizer=torch.tensor(1j)),
        TypeError,
        "`normalizer` must be a real number, got torch.complex64",
    ),
    "complex weight": (
        _ce(HALVES, weight=torch.ones(3, dtype=torch.complex64)),
        RuntimeError,
        "pass `weight` as floating point",
    ),
    "no classes": (_ce(input=LOGITS[:, :0]), ValueError, "`input` must have at least one class along axis 1"),
    "no classes, nll": (_nll(input=LOGITS[:, :0]), ValueError, "got shape (4, 0)"),
    "sparse": (_ce(input=LOGITS.to_sparse()), NotImplementedError, "Pass input.to_dense()"),
    "neg_weight": (_logits(neg_weight=_weight(2)), RuntimeError, "`neg_weight`, (2,), must be broadcastable"),
    "neg_weight complex": (_logits(neg_weight=_weight(3).cfloat()), TypeError, "`neg_weight` must hold real numbers"),
    "neg_weight device": (
        _logits(neg_weight=_weight(3, device=META)),
        RuntimeError,
        "Pass neg_weight.to(input.device)",
    ),
    "ignore_index, logits": (_logits(ignore_index="1"), TypeError, "`ignore_index` must be a number or None, not str"),
    "logits": (_ce(logits=2.0), TypeError, "`logits` must be an xent.LogitTransform, not float"),
    "logits, binary": (_logits(logits=2.0), TypeError, "`logits` must be an xent.LogitTransform, not float"),
    "logits, module": (
        lambda _: xent.CrossEntropyLoss(logits=2.0),
        TypeError,
        "`logits` must be an xent.LogitTransform",
    ),
    "scale shape": (
        _transformed(scale=_weight(2)),
        ValueError,
        "LogitTransform.scale must have shape () or (3,), got (2,)",
    ),
    "offset shape": (
        _transformed(offset=_weight(3, 4)),
        ValueError,
        "offset must have shape (3,) or (4, 3), got (3, 4)",
    ),
    "label_offset shape": (
        _transformed(label_offset=_weight(2, 3)),
        ValueError,
        "label_offset must have shape (3, 3), got",
    ),
    "margin shape": (
        _transformed(margin=_weight(2)),
        ValueError,
        "LogitTransform.margin must have shape (3,), got (2,)",
    ),
    "valid_classes shape": (
        _transformed(valid_classes=_weight(4).bool()),
        ValueError,
        "must have shape (3,) or (4, 3), got (4,)",
    ),
    "valid_classes number": (
        _transformed(valid_classes=4),
        ValueError,
        "must be at most 3, the classes of `input`, got 4",
    ),
    "offset device": (_transformed(offset=_weight(3, device=META)), RuntimeError, "`LogitTransform.offset` is on meta"),
    "margin, probabilities": (_ce(HALVES, logits=LogitTransform(margin=_weight(3))), ValueError, "Pass class indices"),
    "margin, binary": (
        _binary(margin=_weight(3)),
        ValueError,
        "LogitTransform.margin belongs to the softmax of one row",
    ),
    "label_offset, binary": (_binary(label_offset=_weight(3, 3)), ValueError, "Use offset= here"),
    "valid_classes, binary": (_binary(valid_classes=2), ValueError, "Use mask= here"),
    "offset, binary": (
        _binary(offset=_weight(2)),
        RuntimeError,
        "`LogitTransform.offset`, (2,), must be broadcastable",
    ),
    "scale, binary": (_binary(scale=_weight(2)), RuntimeError, "`LogitTransform.scale`, (2,), must be broadcastable"),
    "facts of probabilities": (
        lambda _: xent.facts(LOGITS, HALVES),
        RuntimeError,
        "class indices of shape (4,), got shape",
    ),
    "Event gamma": (_new(Event, gamma=-1), ValueError, "Event: `gamma` must be at least 0, got -1"),
    "Event gamma inf": (_new(Event, gamma=math.inf), ValueError, "Event: `gamma` must be finite, got inf"),
    "Event gamma bool": (_new(Event, gamma=True), TypeError, "Event: `gamma` must be a number, not bool"),
    "Event poly": (_new(Event, poly="1"), TypeError, "Event: `poly` must be a number, not str"),
    "Event q": (_new(Event, q=-0.5), ValueError, "Event: `q` must be at least 0, got -0.5"),
    "Event shift 1": (_new(Event, shift=1), ValueError, "Event: `shift` must be in [0, 1), got 1"),
    "Event shift below 0": (_new(Event, shift=-0.1), ValueError, "Event: `shift` must be in [0, 1), got -0.1"),
    "softcap 0": (_new(LogitTransform, softcap=0), ValueError, "`softcap` must be finite and above 0, got 0"),
    "softcap text": (_new(LogitTransform, softcap="30"), TypeError, "`softcap` must be a number or None, not str"),
    "scale text": (_new(LogitTransform, scale="2"), TypeError, "`scale` must be a number or a tensor, not str"),
    "scale nan": (_new(LogitTransform, scale=math.nan), ValueError, "`scale` must be finite, got nan"),
    "scale table": (
        _new(LogitTransform, scale=_weight(2, 2)),
        ValueError,
        "`scale` must have shape () or (C,), got (2, 2)",
    ),
    "scale integers": (_new(LogitTransform, scale=LABELS), TypeError, "got torch.int64. Pass scale.float()"),
    "offset list": (_new(LogitTransform, offset=[1.0]), TypeError, "`offset` must be a tensor, not list"),
    "offset integers": (_new(LogitTransform, offset=LABELS), TypeError, "got torch.int64. Pass offset.float()"),
    "label_offset row": (_new(LogitTransform, label_offset=_weight(3)), ValueError, "must have shape (C, C), got (3,)"),
    "margin table": (
        _new(LogitTransform, margin=_weight(3, 3)),
        ValueError,
        "`margin` must have shape (C,), got (3, 3)",
    ),
    "margin with gradient": (
        _new(LogitTransform, margin=_weight(3, requires_grad=True)),
        ValueError,
        "Pass margin.detach()",
    ),
    "valid_classes 0": (_new(LogitTransform, valid_classes=0), ValueError, "must leave at least one class, got 0"),
    "valid_classes bool": (_new(LogitTransform, valid_classes=True), TypeError, "a bool tensor or a number, not bool"),
    "valid_classes dtype": (
        _new(LogitTransform, valid_classes=_weight(3)),
        TypeError,
        "or a number, got torch.float32",
    ),
}


@pytest.mark.parametrize(("call", "addition"), AS_TORCH.values(), ids=AS_TORCH)
def test_as_torch(call: Callable[[Any], Tensor], addition: str) -> None:
    with pytest.raises(REFUSALS) as of_torch:
        call(F)
    torchs_words = str(of_torch.value).split("\n")[0].rstrip(".")
    with pytest.raises(of_torch.type, match=re.escape(addition)) as ours:
        call(xent)
    assert str(ours.value).startswith(torchs_words)


@pytest.mark.parametrize(("call", "text"), AS_TORCH_IN_OTHER_WORDS.values(), ids=AS_TORCH_IN_OTHER_WORDS)
def test_as_torch_in_other_words(call: Callable[[Any], Tensor], text: str) -> None:
    with pytest.raises((*REFUSALS, AttributeError)) as of_torch:
        call(F)
    # An attribute that a list lacks is torch's way of saying that the type is wrong.
    expected = TypeError if of_torch.type is AttributeError else of_torch.type
    with pytest.raises(expected, match=re.escape(text)):
        call(xent)


@pytest.mark.parametrize(("call", "exception", "text"), OWN.values(), ids=OWN)
def test_own(call: Callable[[Any], Any], exception: type[Exception], text: str) -> None:
    with pytest.raises(exception, match=re.escape(text)) as raised:
        call(xent)
    assert raised.type is exception


@pytest.mark.parametrize(
    ("module", "target"),
    [
        (xent.CrossEntropyLoss(), torch.tensor([0, 1, 3, 0])),
        (xent.NLLLoss(), torch.tensor([0, 1, 3, 0])),
        (xent.BCEWithLogitsLoss(), HALVES[:2]),
        (xent.BCELoss(), HALVES + 1),
        (xent.KLDivLoss(reduction="sum"), LOGITS.long()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_modules_raise_as_torchs(module: torch.nn.Module, target: Tensor) -> None:
    torchs = getattr(torch.nn, type(module).__name__)(reduction=module.reduction)
    with pytest.raises(REFUSALS) as of_torch:
        torchs(LOGITS, target)
    with pytest.raises(of_torch.type, match=re.escape(str(of_torch.value).rstrip("."))):
        module(LOGITS, target)


@pytest.mark.parametrize(
    "call",
    [
        _ce(torch.tensor([0, 1, 3, 0]), mask=torch.tensor([True, True, False, True])),
        _ce(torch.tensor([0, 1, 3, 0]), sample_weight=torch.tensor([1.0, 1.0, 0.0, 1.0])),
        _ce(torch.tensor([0, 1, 255, 0], dtype=torch.uint8), ignore_index=255),
        _bce(input=HALVES.index_fill(0, torch.tensor([2]), 7.0), mask=torch.tensor([True, True, False, True])),
    ],
    ids=["label, mask", "label, sample_weight", "label, ignore_index", "probability, mask"],
)
def test_what_is_left_out_may_be_anything(call: Callable[[Any], Tensor]) -> None:
    assert torch.isfinite(call(xent))
