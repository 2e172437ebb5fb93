"""Views that line a setting up with the axes of the logits."""

from torch import Tensor


def leading(value: Tensor, ndim: int) -> Tensor:
    """A view of ``value``, whose shape is a leading part of a shape of ``ndim`` axes, that broadcasts to it."""
    return value.reshape(value.shape + (1,) * (ndim - value.ndim))


def along(value: Tensor, ndim: int, dim: int) -> Tensor:
    """A view of ``value`` (C,), or of ``ndim`` axes already, that broadcasts along the class axis ``dim``."""
    if value.ndim != 1 or value.ndim == ndim:
        return value
    shape = [1] * ndim
    shape[dim] = -1
    return value.view(shape)
