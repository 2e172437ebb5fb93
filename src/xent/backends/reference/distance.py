"""The factor |y - p|^gamma of a binary cross entropy, p = sigmoid(z), and its derivative in z. Both differentiable."""

import torch
from torch import Tensor


def distance_factor(z: Tensor, y: Tensor, gamma: float) -> Tensor:
    """|y - p|^gamma, of the shape of ``z``."""
    met, size = _size(_gap(z, y))
    factor = (size**gamma).masked_fill(met, 0.0)
    # The factor of an infinite logit does not move; its derivative, 0, would meet an infinite cross entropy.
    return torch.where(torch.isinf(z), factor.detach(), factor)


def distance_slope(z: Tensor, y: Tensor, gamma: float) -> Tensor:
    """Derivative of the factor in z, of the shape of ``z``; 0 at distance 0."""
    gap = _gap(z, y)
    met, size = _size(gap)
    return (gamma * size ** (gamma - 1) * torch.sign(gap) * torch.sigmoid(z) * torch.sigmoid(-z)).masked_fill(met, 0.0)


def _gap(z: Tensor, y: Tensor) -> Tensor:
    """P - y, not as a difference where y is 0 or 1, so that a small distance keeps its digits."""
    return (1.0 - y) * torch.sigmoid(z) - y * torch.sigmoid(-z)


def _size(gap: Tensor) -> tuple[Tensor, Tensor]:
    """Where the distance is 0, at which a power below 1 has no derivative, and the distance, with 1 in those places."""
    size = gap.abs()
    met = size < torch.finfo(gap.dtype).tiny
    return met, size.masked_fill(met, 1.0)
