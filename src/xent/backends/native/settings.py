"""Settings as kernels take them."""

import torch
from torch import Tensor

from xent.backends.native.plans import LOG, EventNumbers
from xent.core.event import NLL, Event
from xent.core.logits import LogitTransform


def numbers(event: Event) -> EventNumbers:
    """XentEvent."""
    return LOG if event is NLL else (float(event.gamma), float(event.poly), float(event.q), float(event.shift))


def scale_tensor(transform: LogitTransform) -> Tensor | None:
    """The factor of the logits, None where it is 1."""
    scale = transform.scale
    if isinstance(scale, Tensor):
        return scale
    return None if scale == 1 else torch.tensor(scale, dtype=torch.float64, device="cpu")
