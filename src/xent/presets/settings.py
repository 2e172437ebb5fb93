"""The settings that a named loss leaves to its user, and how they are put together with its own.

A named loss sets one or two things of the core (an event, an offset, a weight). Everything else stays open: label
smoothing, masks, reductions, the parts of the logit transform that it does not use. What it sets itself, nobody can set
a second time: the error says so, and what to use instead.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypedDict

from torch import Tensor

from xent.core.event import Event
from xent.core.logits import IDENTITY, LogitTransform
from xent.core.reduce import Normalizer


class SoftmaxSettings(TypedDict, total=False):
    """Keyword arguments of :class:`xent.CrossEntropyLoss`."""

    weight: Tensor | None
    ignore_index: int
    reduction: str
    label_smoothing: float
    dim: int | None
    smoothing_prior: Tensor | None
    z_loss: float
    event: Event
    logits: LogitTransform | None
    inplace_gradient: bool


class SigmoidSettings(TypedDict, total=False):
    """Keyword arguments of :class:`xent.BCEWithLogitsLoss`."""

    weight: Tensor | None
    reduction: str
    pos_weight: Tensor | None
    neg_weight: Tensor | None
    ignore_index: float | None
    label_smoothing: float
    smoothing_prior: Tensor | None
    neg_scale: float
    positive: Event
    negative: Event
    logits: LogitTransform | None
    inplace_gradient: bool


class OfBatch(TypedDict, total=False):
    """What belongs to a batch: keyword arguments of every function, and of every module's call."""

    sample_weight: Tensor | None
    mask: Tensor | None
    normalizer: Normalizer | None


class SoftmaxArguments(SoftmaxSettings, OfBatch, total=False):
    """Keyword arguments of :func:`xent.cross_entropy`."""


class SigmoidArguments(SigmoidSettings, OfBatch, total=False):
    """Keyword arguments of :func:`xent.binary_cross_entropy_with_logits`."""


def compose(name: str, given: Mapping[str, Any], **own: Any) -> dict[str, Any]:
    """The settings that were given, with a loss's own.

    Args:
        name: The loss, as its user calls it; for errors.
        given: The user's settings.
        **own: What the loss sets itself. Of a logit transform, the fields that it does not set may be given.

    Raises:
        TypeError: A setting is given that the loss sets itself.
    """
    settings = {**given, **own}
    for key in own.keys() & given.keys():
        if key != "logits":
            raise _set_twice(name, f"`{key}`")
        settings[key] = _merge(name, given[key], own[key])
    return settings


def _merge(name: str, given: LogitTransform | None, own: LogitTransform) -> LogitTransform:
    if given is None:
        return own
    parts = {**_changes(given), **_changes(own)}
    for key in _changes(own).keys() & _changes(given).keys():
        raise _set_twice(name, f"`{key}` of `logits`")
    return LogitTransform(**parts)


def _changes(transform: LogitTransform) -> dict[str, Any]:
    """The fields of a transform that do something."""
    values = {field.name: getattr(transform, field.name) for field in fields(transform)}
    return {key: value for key, value in values.items() if value is not getattr(IDENTITY, key)}


def _set_twice(name: str, setting: str) -> TypeError:
    return TypeError(
        f"{name}: {setting} is what {name} sets itself. To choose it, use cross_entropy or "
        "binary_cross_entropy_with_logits (or their modules) with all settings of your own."
    )
