"""Checks of the arguments. A message names the argument, what was given and what to give instead.

Where torch raises, the exception is torch's and the message begins with torch's words, so that code which
catches or matches them goes on working. Sizes that do not broadcast are the exception: torch speaks of "tensor a".
"""

import math
from numbers import Integral, Real

import torch
from torch import Tensor

from xent.core.event import Event
from xent.core.logits import IDENTITY, LogitTransform

INDEX_DTYPES = (torch.int64, torch.uint8, torch.int32, torch.int16)
# What is taken for a number: Python's, NumPy's, and tensors of one, as torch does.
INTEGER = (Integral, Tensor)
NUMBER = (Real, Tensor)


def tensor(function: str, name: str, value: object) -> None:
    """``value`` is a tensor."""
    if not isinstance(value, Tensor):
        raise TypeError(f"{function}(): argument '{name}' must be Tensor, not {type(value).__name__}")


def floating(function: str, name: str, value: Tensor) -> None:
    """``value`` has a real floating-point dtype."""
    if not value.is_floating_point():
        raise NotImplementedError(
            f"\"{function}\" not implemented for '{_scalar_type(value)}'. Pass `{name}` as floating point, "
            f"for example {name}.float()."
        )


def same_device(logits: Tensor, **tensors: Tensor | None) -> None:
    """Every tensor lies on the device of the logits; a number (no axes) on the CPU is fine anywhere."""
    for name, value in tensors.items():
        if value is None or value.device == logits.device or (value.ndim == 0 and value.device.type == "cpu"):
            continue
        raise RuntimeError(
            f"Expected all tensors to be on the same device, but `{name}` is on {value.device} and `input` is on "
            f"{logits.device}. Pass {name}.to(input.device)."
        )


def no_gradient(function: str, name: str, value: Tensor | None) -> None:
    """``value`` is a tensor or None, and does not ask for a gradient that would not be formed."""
    if value is None:
        return
    tensor(function, name, value)
    if value.requires_grad:
        raise RuntimeError(
            f"The function '{function}' is not differentiable with respect to argument '{name}'. "
            f"This input cannot have requires_grad True. Pass {name}.detach()."
        )


def class_axis(logits: Tensor, dim: int | None) -> int:
    """The class axis, not negative: ``dim``, or torch's choice, the second axis of two or more."""
    if logits.ndim == 0:
        raise ValueError(
            "Expected 1 or more dimensions (got 0): `input` must have shape (C,), (N, C) or (N, C, d1, ...)."
        )
    if dim is None:
        return 0 if logits.ndim == 1 else 1
    if not isinstance(dim, INTEGER):
        raise TypeError(f"`dim` must be an int, not {type(dim).__name__}.")
    if not -logits.ndim <= dim < logits.ndim:
        raise IndexError(
            f"Dimension out of range: `dim` must be in [{-logits.ndim}, {logits.ndim - 1}] for an input of shape "
            f"{tuple(logits.shape)}, got {dim}."
        )
    return dim % logits.ndim


def ignore_index(value: int) -> None:
    """``value`` can equal a class index."""
    if not isinstance(value, INTEGER):
        raise TypeError(f"`ignore_index` must be an int, not {type(value).__name__}.")


def index_target(logits: Tensor, target: Tensor, dim: int, *, or_probabilities: bool = False) -> Tensor:
    """Class indices of the rows' shape, of an integer dtype; the message says if probabilities would do too."""
    rows = logits.shape[:dim] + logits.shape[dim + 1 :]
    if logits.ndim == 1 and target.shape == (1,):
        target = target.reshape(())
    if target.shape != rows:
        _raise_target_shape(logits, target, rows, or_probabilities)
    if target.dtype not in INDEX_DTYPES:
        hint = f" Probabilities have the shape of `input`, {tuple(logits.shape)}." if or_probabilities else ""
        raise RuntimeError(
            f"expected target dtype to be Long or Byte, but got {_scalar_type(target)}. Pass class indices in "
            f"`target`, of dtype int64, int32, int16 or uint8.{hint}"
        )
    return target


def _raise_target_shape(logits: Tensor, target: Tensor, rows: torch.Size, or_probabilities: bool) -> None:
    otherwise = f" or probabilities of shape {tuple(logits.shape)}" if or_probabilities else ""
    expected = f"`target` must hold class indices of shape {tuple(rows)}{otherwise}, got shape {tuple(target.shape)}."
    if logits.ndim <= 2 and target.ndim > 1:
        raise RuntimeError(f"0D or 1D target tensor expected, multi-target not supported: {expected}")
    if logits.ndim == 1:
        raise ValueError(f"For 1D input, 1D target must have size 1, but got target size: {target.numel()}. {expected}")
    if logits.shape[0] != target.shape[:1].numel() or target.ndim == 0:
        given = target.shape[0] if target.ndim else 0
        raise ValueError(
            f"Expected input batch_size ({logits.shape[0]}) to match target batch_size ({given}). {expected}"
        )
    raise RuntimeError(f"Expected target size {list(rows)}, got {list(target.shape)}. {expected}")


def probability_target(target: Tensor, ignore_index: int) -> None:
    """Probabilities are floating point, and no row of them can equal an ignore_index."""
    if not target.is_floating_point():
        raise RuntimeError(
            f"Expected floating point type for target with class probabilities, got {_scalar_type(target)}. "
            "`target` has the shape of the input, so it is read as probabilities: pass target.float(), "
            "or class indices without the class axis."
        )
    if ignore_index >= 0:
        raise RuntimeError(
            "ignore_index is not supported for floating point target. Rows of probabilities are left out with `mask`."
        )


def labels_in_range(target: Tensor, classes: int, read: Tensor | None, ignore_index: int | None) -> None:
    """Every label that is read names a class. Reads values: not for a GPU, a transform or a trace."""
    wrong = (target < 0) | (target >= classes)
    if read is not None:
        wrong = wrong & read
    if bool(wrong.any()):
        label = int(target[wrong].flatten()[0])
        raise IndexError(
            f"Target {label} is out of bounds. `target` must hold classes in [0, {classes - 1}], for the {classes} "
            f"classes of `input`, or ignore_index={ignore_index}."
        )


def class_weight(weight: Tensor | None, logits: Tensor, dim: int, *, promotes: bool) -> None:
    """``weight`` holds one number a class, in the dtype of the logits, or float32 beside half precision."""
    if weight is None:
        return
    tensor("cross_entropy_loss", "weight", weight)
    classes = logits.shape[dim]
    if weight.shape != (classes,):
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but got weight tensor "
            f"of shape: {list(weight.shape)}"
        )
    half = logits.dtype in (torch.float16, torch.bfloat16)
    if promotes or weight.dtype == logits.dtype or (half and weight.dtype == torch.float32):
        return
    raise RuntimeError(
        f"expected scalar type {_scalar_type(logits)} but found {_scalar_type(weight)}: pass `weight` in the dtype of "
        f"`input`, weight.to({logits.dtype})."
    )


def smoothing(label_smoothing: float) -> None:
    """``label_smoothing`` is a probability."""
    if not isinstance(label_smoothing, NUMBER):
        raise TypeError(f"`label_smoothing` must be a number, not {type(label_smoothing).__name__}.")
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")


def smoothing_prior(prior: Tensor | None, label_smoothing: float, classes: int) -> None:
    """``prior`` holds one number a class, and there is smoothing for it to act in."""
    if prior is None:
        return
    tensor("cross_entropy", "smoothing_prior", prior)
    if label_smoothing == 0:
        raise ValueError("`smoothing_prior` has no effect without smoothing. Pass label_smoothing above 0.")
    if not prior.is_floating_point():
        raise TypeError(f"`smoothing_prior` must be floating point, got {prior.dtype}.")
    no_gradient("cross_entropy", "smoothing_prior", prior)
    if prior.shape != (classes,):
        raise ValueError(f"`smoothing_prior` must have shape ({classes},), one a class, got {tuple(prior.shape)}.")


def inplace_gradient(wanted: bool, reduction: str, logits: Tensor) -> None:
    """The gradient can take the place of the logits: it is formed with the loss, and each logit has its own place."""
    if not isinstance(wanted, bool):
        raise TypeError(f"`inplace_gradient` must be True or False, got {wanted!r}.")
    if not wanted:
        return
    if reduction == "none":
        raise ValueError(
            "`inplace_gradient` needs reduction='mean' or 'sum': for 'none' the gradient is not known before backward."
        )
    if logits.dtype == torch.float16:
        raise ValueError(
            "`inplace_gradient` is not for float16, whose gradient waits for the loss scale. Pass bfloat16 or float32, "
            "or inplace_gradient=False."
        )
    if any(stride == 0 and size > 1 for stride, size in zip(logits.stride(), logits.shape, strict=True)):
        raise ValueError("`inplace_gradient` needs `input` to hold each logit once. Pass input.contiguous().")


def z_loss(value: float) -> None:
    """``value`` is a coefficient."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"`z_loss` must be a number, not {type(value).__name__}.")
    if not 0 <= value < math.inf:
        raise ValueError(f"`z_loss` must be finite and at least 0, got {value}.")


def event(name: str, value: Event, *, may_shift: bool = False) -> None:
    """``value`` is an Event, and shifts probabilities only where there is a negative side."""
    if not isinstance(value, Event):
        raise TypeError(f"`{name}` must be an xent.Event, not {type(value).__name__}.")
    if value.shift and not may_shift:
        raise ValueError(
            f"`{name}` has shift={value.shift}, which belongs to the negative side of a binary loss: "
            "binary_cross_entropy_with_logits(..., negative=Event(shift=...))."
        )


def leading_shape(name: str, value: Tensor | None, rows: torch.Size) -> None:
    """The shape of ``value`` is the rows' shape, or begins it."""
    if value is None:
        return
    if not isinstance(value, Tensor):
        raise TypeError(f"`{name}` must be a tensor, not {type(value).__name__}.")
    if (value.ndim == 0 and len(rows) > 0) or value.shape != rows[: value.ndim]:
        shapes = " or ".join(str(tuple(rows[:k])) for k in range(len(rows), min(1, len(rows)) - 1, -1) if k or not rows)
        raise ValueError(f"`{name}` must have shape {shapes}, got {tuple(value.shape)}.")


def row_settings(sample_weight: Tensor | None, mask: Tensor | None, rows: torch.Size) -> None:
    """``sample_weight`` are numbers and ``mask`` truth values, one a row."""
    leading_shape("sample_weight", sample_weight, rows)
    leading_shape("mask", mask, rows)
    if sample_weight is not None and sample_weight.requires_grad:
        raise ValueError("no gradient is formed for `sample_weight`. Pass sample_weight.detach().")
    if sample_weight is not None and sample_weight.is_complex():
        raise TypeError(f"`sample_weight` must hold real numbers, got {sample_weight.dtype}.")
    if mask is not None and mask.dtype != torch.bool:
        raise TypeError(f"`mask` must be a bool tensor, true for what counts, got {mask.dtype}. Pass mask.bool().")


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
            _one_of(f"LogitTransform.{name}", value, shapes)
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
    for name, instead in (
        ("label_offset", "offset="),
        ("margin", "offset="),
        ("valid_classes", "mask="),
    ):
        if getattr(settings, name) is not None:
            raise ValueError(
                f"LogitTransform.{name} belongs to the softmax of one row; the outputs of a binary loss are "
                f"independent. Use {instead} here."
            )
    for name in ("scale", "offset"):
        value = getattr(settings, name)
        if isinstance(value, Tensor):
            broadcasts(f"LogitTransform.{name}", value, logits)
            same_device(logits, **{f"LogitTransform.{name}": value})
    return settings


def broadcasts(name: str, value: Tensor | None, logits: Tensor) -> None:
    """``value`` broadcasts to the shape of the logits."""
    if value is None:
        return
    fits = value.ndim <= logits.ndim and all(
        size in (1, whole) for size, whole in zip(reversed(value.shape), reversed(logits.shape), strict=False)
    )
    if not fits:
        raise RuntimeError(
            f"The size of `{name}`, {tuple(value.shape)}, must be broadcastable to the size of `input`, "
            f"{tuple(logits.shape)}."
        )


def binary_shapes(input: Tensor, target: Tensor, message: str) -> None:
    """Input and target have one shape; ``message`` are torch's words where they have not."""
    if target.shape == input.shape:
        return
    hint = ""
    if target.numel() == input.numel():
        hint = f" Pass target.reshape({tuple(input.shape)}) if their elements correspond in this order."
    raise ValueError(message + hint)


def equal_dtype(input: Tensor, target: Tensor) -> None:
    """Input and target have one dtype."""
    if target.dtype != input.dtype:
        raise RuntimeError(
            f"Found dtype {_scalar_type(target)} but expected {_scalar_type(input)}: pass `target` in the dtype of "
            f"`input`, target.to({input.dtype})."
        )


def float_target(target: Tensor) -> None:
    """The target of a binary loss is floating point."""
    if not target.is_floating_point():
        raise RuntimeError(
            f"result type Float can't be cast to the desired output type {_scalar_type(target)}: `target` must be "
            "floating point. Pass target.float()."
        )


def divergence_shapes(input: Tensor, target: Tensor) -> None:
    """Input and target broadcast to one shape."""
    sizes = zip(reversed(input.shape), reversed(target.shape), strict=False)
    if not all(a == b or 1 in (a, b) for a, b in sizes):
        raise RuntimeError(
            f"The size of `target`, {tuple(target.shape)}, must be broadcastable with the size of `input`, "
            f"{tuple(input.shape)}."
        )


def divergence_dtypes(input: Tensor, target: Tensor) -> None:
    """Input and target are floating point."""
    for name, value in (("input", input), ("target", target)):
        if not value.is_floating_point():
            raise RuntimeError(
                f"kl_div: Integral inputs not supported. `{name}` has dtype {value.dtype}; pass {name}.float()."
            )


def element_weight(function: str, name: str, weight: Tensor | None, logits: Tensor) -> None:
    """``weight`` broadcasts to the logits and asks for no gradient."""
    if weight is None:
        return
    no_gradient(function, name, weight)
    broadcasts(name, weight, logits)
    if weight.is_complex():
        raise TypeError(f"`{name}` must hold real numbers, got {weight.dtype}.")


def binary_ignore_index(value: float | None) -> None:
    """``value`` can equal a target, or is None."""
    if value is not None and not isinstance(value, NUMBER):
        raise TypeError(f"`ignore_index` must be a number or None, not {type(value).__name__}.")


def binary_prior(prior: Tensor | None, label_smoothing: float, logits: Tensor) -> None:
    """``prior`` broadcasts to the logits, and there is smoothing for it to act in."""
    if prior is None:
        return
    element_weight("binary_cross_entropy_with_logits", "smoothing_prior", prior, logits)
    if label_smoothing == 0:
        raise ValueError("`smoothing_prior` has no effect without smoothing. Pass label_smoothing above 0.")


def neg_scale(value: float) -> None:
    """``value`` is a factor above 0."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"`neg_scale` must be a number, not {type(value).__name__}.")
    if not 0 < value < math.inf:
        raise ValueError(f"`neg_scale` must be finite and above 0, got {value}.")


def unit_interval(name: str, value: Tensor) -> None:
    """Every element lies in [0, 1]. Reads values: not for a GPU, a transform or a trace."""
    outside = ~((value >= 0) & (value <= 1))
    if bool(outside.any()):
        wrong = value[outside].flatten()[0].item()
        hint = " For logits, use binary_cross_entropy_with_logits." if name == "input" else ""
        raise RuntimeError(f"all elements of {name} should be between 0 and 1, got {wrong}.{hint}")


def _one_of(name: str, value: Tensor, shapes: tuple[tuple[int, ...], ...]) -> None:
    if tuple(value.shape) not in shapes:
        raise ValueError(f"{name} must have shape {' or '.join(map(str, shapes))}, got {tuple(value.shape)}.")


def _scalar_type(value: Tensor) -> str:
    """C++ name of a dtype, as torch's own messages have it."""
    names = {
        torch.float64: "Double",
        torch.float32: "Float",
        torch.float16: "Half",
        torch.bfloat16: "BFloat16",
        torch.int64: "Long",
        torch.int32: "Int",
        torch.int16: "Short",
        torch.int8: "Char",
        torch.uint8: "Byte",
        torch.bool: "Bool",
        torch.complex64: "ComplexFloat",
        torch.complex128: "ComplexDouble",
    }
    return names.get(value.dtype, str(value.dtype))
