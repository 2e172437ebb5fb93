"""Class counts -> the weights and offsets that correct for them."""

from typing import TYPE_CHECKING

from xent.imbalance.weights import effective_number, inverse_frequency, log_prior

if TYPE_CHECKING:
    from xent.imbalance.weights import Counts as Counts

__all__ = ["effective_number", "inverse_frequency", "log_prior"]
