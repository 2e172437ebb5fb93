"""The losses that have a kernel, as functions of one tensor of shape (5, 4)."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import xent


def numbers(*shape: int, dtype: torch.dtype = torch.float32, seed: int = 0) -> Tensor:
    """Normal numbers."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


PROBABILITIES = numbers(5, 4, seed=3, dtype=torch.float64).softmax(1)
LABELS = torch.tensor([0, 3, 1, 1, 2])
LOSSES: dict[str, Callable[..., Tensor]] = {
    "plain": lambda z, **settings: xent.cross_entropy(z, LABELS, **settings),
    "smoothed": lambda z, **settings: xent.cross_entropy(z, LABELS, label_smoothing=0.1, **settings),
    "probabilities": lambda z, **settings: xent.cross_entropy(z, PROBABILITIES.to(z.dtype), **settings),
    "focal": lambda z, **settings: xent.cross_entropy(z, LABELS, event=xent.Event(gamma=2), **settings),
    "logits": lambda z, **settings: xent.binary_cross_entropy_with_logits(z, PROBABILITIES.to(z.dtype), **settings),
    "binary": lambda p, **settings: xent.binary_cross_entropy(p.sigmoid(), PROBABILITIES.to(p.dtype), **settings),
    "divergence": lambda x, **settings: xent.kl_div(x, PROBABILITIES.to(x.dtype), **{"reduction": "sum", **settings}),
}
EVERY_LOSS = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
