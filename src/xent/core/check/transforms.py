"""Transforms of the logits, and how they fit the input."""

from torch import Tensor

from xent.core.check.tensors import broadcasts, one_of, same_device
from xent.core.logits import IDENTITY, LogitTransform

# What belongs to the softmax, and what to use for a binary loss, whose mask has the shape of the input.
_INSTEAD = (
    ("label_offset", "offset= here"),
    ("margin", "offset= here"),
    (
        "valid_classes",
        "mask= here: with a bool tensor `valid` of one value a class, on the last axis, mask=valid.expand_as(input)",
    ),
)


def softmax_transform(settings: LogitTransform | None, logits: Tensor, dim: int, indexed: bool) -> LogitTransform:
    """The transform, its shapes fitting the logits."""
    if settings is None:
        return IDENTITY
    if not isinstance(settings, LogitTransform):
        raise TypeError(f"`logits` must be an xent.LogitTransform, not {type(settings).__name__}.")
    classes = logits.shape[dim]
    per_class, whole = (classes,), tuple(logits.shape)
    for name, shapes in (
        ("scale", ((), per_class)),
        ("offset", (per_class, whole)),
        ("label_offset", ((classes, classes),)),
        ("margin", (per_class,)),
        ("valid_classes", (per_class, whole)),
    ):
        value = getattr(settings, name)
        if isinstance(value, Tensor):
            one_of(f"LogitTransform.{name}", value, shapes)
            same_device(logits, **{f"LogitTransform.{name}": value})
    if isinstance(settings.valid_classes, int) and settings.valid_classes > classes:
        raise ValueError(
            f"LogitTransform.valid_classes must be at most {classes}, the classes of `input`, "
            f"got {settings.valid_classes}."
        )
    if settings.needs_label and not indexed:
        raise ValueError(
            "LogitTransform.label_offset and LogitTransform.margin need a label per row, and `target` holds "
            "probabilities. Pass class indices."
        )
    return settings


def sigmoid_transform(settings: LogitTransform | None, logits: Tensor) -> LogitTransform:
    """The transform, of settings that have a meaning for independent binary outputs."""
    if settings is None:
        return IDENTITY
    if not isinstance(settings, LogitTransform):
        raise TypeError(f"`logits` must be an xent.LogitTransform, not {type(settings).__name__}.")
    for name, instead in _INSTEAD:
        if getattr(settings, name) is not None:
            raise ValueError(
                f"LogitTransform.{name} belongs to the softmax of one row; the outputs of a binary loss are "
                f"independent. Use {instead}."
            )
    for name in ("scale", "offset"):
        value = getattr(settings, name)
        if isinstance(value, Tensor):
            broadcasts(f"LogitTransform.{name}", value, logits)
            same_device(logits, **{f"LogitTransform.{name}": value})
    return settings
