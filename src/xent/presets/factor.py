"""Cross entropy times a number of the loss's own."""

from torch import Tensor
from typing_extensions import Unpack

from xent.core import check
from xent.functional import cross_entropy
from xent.presets.settings import SoftmaxArguments


def multiple(factor: float, input: Tensor, target: Tensor, **settings: Unpack[SoftmaxArguments]) -> Tensor:
    """``factor`` times cross entropy, but the z-loss only once: its coefficient is the user's."""
    z_loss = settings.get("z_loss", 0.0)
    check.z_loss(z_loss)
    settings["z_loss"] = z_loss / factor
    return factor * cross_entropy(input, target, **settings)
