"""Calls as the flat arguments of a registered operator, and back."""

from collections.abc import Iterator
from typing import Any

from torch import Tensor

from xent.core.call import Call, DivergenceCall, ProbabilityCall, SigmoidCall, SoftmaxCall, ZLPRCall
from xent.core.event import NLL, Event
from xent.core.logits import IDENTITY, LogitTransform

EVENTS = ("event", "positive", "negative")
TRANSFORM = (
    "float? softcap, float scale, Tensor? scale_tensor, Tensor? offset, Tensor? label_offset, Tensor? margin, "
    "SymInt? valid_classes, Tensor? valid_mask"
)
COUNTS = "Tensor? sample_weight, Tensor? mask"


def _event(name: str) -> str:
    return ", ".join(f"float {name}_{field}" for field in ("gamma", "poly", "q", "shift"))


_SOFTMAX = (
    "Tensor logits, Tensor target, bool indexed, int dim, Tensor? weight, int? ignore_index, float label_smoothing, "
    f"Tensor? smoothing_prior, float z_loss, {_event('event')}, {TRANSFORM}, {COUNTS}, bool labels_known"
)
_SIGMOID = (
    "Tensor logits, Tensor target, Tensor? weight, Tensor? pos_weight, Tensor? neg_weight, float? ignore_index, "
    f"float label_smoothing, Tensor? smoothing_prior, float neg_scale, {_event('positive')}, {_event('negative')}, "
    f"{TRANSFORM}, {COUNTS}, float distance"
)
# In the order of the call's fields.
SCHEMAS: dict[type, str] = {
    SoftmaxCall: _SOFTMAX,
    ZLPRCall: _SOFTMAX,
    SigmoidCall: _SIGMOID,
    ProbabilityCall: _SIGMOID,
    DivergenceCall: f"Tensor logits, Tensor target, SymInt batch, bool log_target, {COUNTS}",
}


def flat(call: Call) -> list[Any]:
    """The arguments that stand for a call."""
    arguments: list[Any] = []
    for value in call:
        if isinstance(value, Event):
            arguments += [value.gamma, value.poly, value.q, value.shift]
        elif isinstance(value, LogitTransform):
            arguments += _flat_transform(value)
        else:
            arguments.append(value)
    return arguments


def call_of(call_type: type, arguments: Iterator[Any]) -> Any:
    """The call that arguments stand for; takes as many as belong to it."""
    fields: list[str] = call_type._fields  # type: ignore[attr-defined]
    return call_type(*(_field(name, arguments) for name in fields))


def _field(name: str, arguments: Iterator[Any]) -> Any:
    if name in EVENTS:
        event = Event(*(next(arguments) for _ in range(4)))
        return NLL if event == NLL else event
    return _transform(arguments) if name == "transform" else next(arguments)


def _flat_transform(value: LogitTransform) -> list[Any]:
    scale, valid = value.scale, value.valid_classes
    scales = (1.0, scale) if isinstance(scale, Tensor) else (scale, None)
    valids = (None, valid) if isinstance(valid, Tensor) else (valid, None)
    return [value.softcap, *scales, value.offset, value.label_offset, value.margin, *valids]


def _transform(arguments: Iterator[Any]) -> LogitTransform:
    softcap, number, scale, offset, label_offset, margin, classes, mask = (next(arguments) for _ in range(8))
    tensors = (scale, offset, label_offset, margin, mask)
    if softcap is classes is None and number == 1 and all(tensor is None for tensor in tensors):
        return IDENTITY
    return LogitTransform(
        softcap,
        number if scale is None else scale,
        offset,
        label_offset,
        margin,
        classes if mask is None else mask,
    )
