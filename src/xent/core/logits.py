"""What happens to the logits before the link.

    z'_k = scale_k * softcap(z_k) + offset_k + label_offset[y, k] - [k = y] * margin_y
    softcap(z) = cap * tanh(z / cap), where -inf stays -inf

A class that ``valid_classes`` removes gets offset -inf.
"""

import math
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from xent.core.axes import along


@dataclass(frozen=True, eq=False)
class LogitTransform:
    r"""A change of the logits, :math:`z'_k = scale_k\,softcap(z_k) + offset_k - [k = y]\,margin_y`.

    Args:
        softcap: Bound on the logits: cap * tanh(z / cap). A number above 0. Gemma Team, 2024.
        scale: Factor, a number or a tensor of shape () or (C,). Differentiable.
        offset: Addend of shape (C,), along the class axis, or of the input's shape. Differentiable.
            log of the class counts gives balanced softmax (Ren et al., 2020).
        label_offset: Addend of shape (C, C); its row is chosen by the label. Index targets only.
        margin: Of shape (C,), subtracted from the logit of the label. Index targets only. Cao et al., 2019.
        valid_classes: The classes that take part in the softmax, the others get probability 0: a number (the
            first so many, as with a padded vocabulary), or a bool tensor of shape (C,) or of the input's shape.

    Raises:
        TypeError: If a parameter has the wrong type.
        ValueError: If a parameter has a value or shape outside its domain.

    Example:
        >>> import torch, xent
        >>> counts = torch.tensor([90.0, 9.0, 1.0])
        >>> xent.LogitTransform(offset=counts.log())
        LogitTransform(offset=Tensor(3))
    """

    softcap: float | None = None
    scale: float | Tensor = 1.0
    offset: Tensor | None = None
    label_offset: Tensor | None = None
    margin: Tensor | None = None
    valid_classes: int | Tensor | None = None

    def __post_init__(self) -> None:
        _check_softcap(self.softcap)
        _check_scale(self.scale)
        _check_tensor("offset", self.offset)
        _check_tensor("label_offset", self.label_offset, dims=2)
        _check_tensor("margin", self.margin, dims=1)
        _check_valid_classes(self.valid_classes)
        for name in ("label_offset", "margin"):
            tensor = getattr(self, name)
            if tensor is not None and tensor.requires_grad:
                raise ValueError(
                    f"LogitTransform: no gradient is formed for `{name}`. Pass {name}.detach(); "
                    "only `scale` and `offset` are differentiable."
                )

    def __repr__(self) -> str:
        return f"LogitTransform({', '.join(self._given())})"

    def _given(self) -> list[str]:
        given = []
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Tensor):
                given.append(f"{field.name}=Tensor({', '.join(map(str, value.shape))})")
            elif value != field.default:
                given.append(f"{field.name}={value}")
        return given

    @property
    def needs_label(self) -> bool:
        """Whether a class index per row is needed to apply it."""
        return self.label_offset is not None or self.margin is not None

    @property
    def tensors(self) -> list[Tensor]:
        """The parameters that are tensors."""
        values = (getattr(self, field.name) for field in fields(self))
        return [value for value in values if isinstance(value, Tensor)]

    @property
    def requires_grad(self) -> bool:
        """Whether a gradient in scale or offset is asked for."""
        return any(tensor.requires_grad for tensor in self.tensors)


def transform(logits: Tensor, settings: LogitTransform, dim: int, label: Tensor | None = None) -> Tensor:
    """Transformed logits, of the shape and dtype of ``logits``.

    Args:
        logits: Of the dtype that arithmetic is done in; the class axis is ``dim``.
        settings: The transform, checked against these logits.
        dim: Class axis.
        label: Class indices with the class axis kept at size 1; needed by label_offset and margin.
    """
    if settings is IDENTITY:
        return logits
    z = logits if settings.softcap is None else _softcap(logits, settings.softcap)
    z = _scale(z, settings, dim)
    if settings.offset is not None:
        z = z + along(settings.offset.to(z.dtype), z.ndim, dim)
    if settings.valid_classes is not None:
        z = _remove(z, ~_valid(settings.valid_classes, z, dim))
    if settings.label_offset is not None and label is not None:
        z = z + settings.label_offset.to(z.dtype)[label.squeeze(dim)].movedim(-1, dim)
    if settings.margin is not None and label is not None:
        z = z.scatter_add(dim, label, -settings.margin.to(z.dtype)[label])
    return z


def transform_slope(logits: Tensor, settings: LogitTransform, dim: int) -> Tensor | float:
    """Derivative dz'/dz of :func:`transform`, elementwise, broadcastable to ``logits``."""
    factor = settings.scale
    if isinstance(factor, Tensor):
        factor = along(factor.to(logits.dtype), logits.ndim, dim)
    if settings.softcap is None:
        return factor
    # sech^2 from the decaying exponential: 1 - tanh^2 would cancel.
    decay = torch.exp(-2.0 * (logits / settings.softcap).abs())
    sech2 = 4.0 * decay / (1.0 + decay) ** 2
    return factor * sech2.masked_fill(_uncapped(logits), 1.0)


def _scale(z: Tensor, settings: LogitTransform, dim: int) -> Tensor:
    if not isinstance(settings.scale, Tensor):
        return z if settings.scale == 1 else z * settings.scale
    scale = along(settings.scale.to(z.dtype), z.ndim, dim)
    # What is infinite stays so, and what is nan is for a removed class: neither has a part in the scale's gradient.
    finite = torch.isfinite(z)
    return z.masked_fill(~finite, 0.0) * scale + z.masked_fill(finite, 0.0) * scale.detach()


def _softcap(z: Tensor, cap: float) -> Tensor:
    uncapped = _uncapped(z)
    return torch.where(uncapped, z, cap * torch.tanh(z.masked_fill(uncapped, 0.0) / cap))


def _uncapped(z: Tensor) -> Tensor:
    """Where the cap does not act: -inf stays -inf, and nan, if its class is removed, must not reach a gradient."""
    return (z == -math.inf) | torch.isnan(z)


def _remove(z: Tensor, removed: Tensor) -> Tensor:
    # Added, not filled in: a removed label still gets its gradient p - 1, as with offset -inf.
    # What stands in a removed place may be inf or NaN; that is not read.
    unread = removed & ~torch.isfinite(z)
    return z.masked_fill(unread, 0.0) + torch.zeros_like(z).masked_fill(removed, -math.inf)


def _valid(valid: int | Tensor, z: Tensor, dim: int) -> Tensor:
    if isinstance(valid, int):
        valid = torch.arange(z.shape[dim], device=z.device) < valid
    return along(valid, z.ndim, dim)


def _check_softcap(softcap: float | None) -> None:
    if softcap is None:
        return
    if isinstance(softcap, bool) or not isinstance(softcap, (int, float)):
        raise TypeError(f"LogitTransform: `softcap` must be a number or None, not {type(softcap).__name__}.")
    if not 0 < softcap < math.inf:
        raise ValueError(f"LogitTransform: `softcap` must be finite and above 0, got {softcap}.")


def _check_scale(scale: float | Tensor) -> None:
    if isinstance(scale, Tensor):
        if scale.ndim > 1:
            raise ValueError(f"LogitTransform: `scale` must have shape () or (C,), got {tuple(scale.shape)}.")
        _check_tensor("scale", scale)
    elif isinstance(scale, bool) or not isinstance(scale, (int, float)):
        raise TypeError(f"LogitTransform: `scale` must be a number or a tensor, not {type(scale).__name__}.")
    elif not -math.inf < scale < math.inf:
        raise ValueError(f"LogitTransform: `scale` must be finite, got {scale}.")


def _check_tensor(name: str, value: Tensor | None, dims: int | None = None) -> None:
    if value is None:
        return
    if not isinstance(value, Tensor):
        raise TypeError(f"LogitTransform: `{name}` must be a tensor, not {type(value).__name__}.")
    if not value.is_floating_point():
        raise TypeError(f"LogitTransform: `{name}` must be floating point, got {value.dtype}. Pass {name}.float().")
    if dims is not None and value.ndim != dims:
        shape = "(C, C)" if dims == 2 else "(C,)"
        raise ValueError(f"LogitTransform: `{name}` must have shape {shape}, got {tuple(value.shape)}.")


def _check_valid_classes(valid: int | Tensor | None) -> None:
    if isinstance(valid, Tensor):
        if valid.dtype != torch.bool:
            raise TypeError(f"LogitTransform: `valid_classes` must be a bool tensor or a number, got {valid.dtype}.")
    elif valid is not None:
        if isinstance(valid, bool) or not isinstance(valid, int):
            raise TypeError(
                f"LogitTransform: `valid_classes` must be a bool tensor or a number, not {type(valid).__name__}."
            )
        if valid < 1:
            raise ValueError(f"LogitTransform: `valid_classes` must leave at least one class, got {valid}.")


IDENTITY = LogitTransform()
