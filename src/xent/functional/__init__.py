"""The losses as functions: torch's names and positional arguments, and more by keyword."""

from xent.functional.binary_cross_entropy import binary_cross_entropy, binary_cross_entropy_with_logits
from xent.functional.cross_entropy import cross_entropy
from xent.functional.kl_div import kl_div
from xent.functional.nll_loss import nll_loss

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "kl_div",
    "nll_loss",
]
