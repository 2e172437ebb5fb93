"""What holds of every tensor argument."""

import torch
from torch import Tensor


def tensor(function: str, name: str, value: object) -> None:
    """``value`` is a tensor."""
    if not isinstance(value, Tensor):
        raise TypeError(f"{function}(): argument '{name}' must be Tensor, not {type(value).__name__}")


def floating(function: str, name: str, value: Tensor) -> None:
    """``value`` is dense and has a real floating-point dtype."""
    if value.layout != torch.strided:
        raise NotImplementedError(f"`{name}` must be dense, got {value.layout}. Pass {name}.to_dense().")
    if not value.is_floating_point():
        raise NotImplementedError(
            f"\"{function}\" not implemented for '{scalar_type(value)}'. Pass `{name}` as floating point, "
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


def one_of(name: str, value: Tensor, shapes: tuple[tuple[int, ...], ...]) -> None:
    """``value`` has one of the shapes."""
    if all(tuple(value.shape) != tuple(shape) for shape in shapes):
        raise ValueError(f"{name} must have shape {' or '.join(map(str, shapes))}, got {tuple(value.shape)}.")


def scalar_type(value: Tensor) -> str:
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
