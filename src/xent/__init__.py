"""Cross entropy for PyTorch: exact definitions, drop-in losses, and a job that shows which loss serves your data."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from xent import functional, nn
from xent.core.event import Event
from xent.core.facts import Facts
from xent.core.logits import LogitTransform
from xent.facts import facts
from xent.functional import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    kl_div,
    nll_loss,
)
from xent.info import Info, info
from xent.nn import BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, KLDivLoss, NLLLoss
from xent.patch import patch, patched, unpatch

if TYPE_CHECKING:
    from xent import imbalance, information

__version__ = "0.1.0"

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CrossEntropyLoss",
    "Event",
    "Facts",
    "Info",
    "KLDivLoss",
    "LogitTransform",
    "NLLLoss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "facts",
    "functional",
    "imbalance",
    "info",
    "information",
    "kl_div",
    "nll_loss",
    "nn",
    "patch",
    "patched",
    "unpatch",
]

_LOADED_ON_USE = ("imbalance", "information")


def __getattr__(name: str) -> Any:
    if name in _LOADED_ON_USE:
        return import_module(f"xent.{name}")
    raise AttributeError(f"module 'xent' has no attribute {name!r}")
