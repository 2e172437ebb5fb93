"""What is watched: everything, one loss, or the losses of a model."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from xent.watcher.points import Module, defines_forward, function_of, is_loss_module


@dataclass(frozen=True)
class Subject:
    """What is watched.

    Attributes:
        only: The one loss whose calls are observed, a function or a module; None for all.
        own: The class whose forward has to be observed for it, beside torch's and xent's.
        model: The model whose mode says whether it is being trained.
    """

    only: Callable[..., Any] | None = None
    own: Module | None = None
    model: torch.nn.Module | None = None

    @property
    def trains(self) -> bool:
        """Whether losses that are computed now are trained on, as far as the model's mode says."""
        return self.model is None or self.model.training


def subject(model_or_loss: object) -> Subject:
    """What to watch, from what :func:`xent.watch` was given.

    Raises:
        TypeError: It cannot be watched.
    """
    if model_or_loss is None:
        return Subject()
    if isinstance(model_or_loss, torch.nn.Module):
        return _module(model_or_loss)
    function = function_of(model_or_loss)
    if function is not None:
        return Subject(only=function)
    named = getattr(model_or_loss, "__name__", type(model_or_loss).__name__)
    raise TypeError(
        f"watch: `model_or_loss` must be a model, a loss module, or a loss function of torch or xent, not {named}. "
        "Without it, all losses that torch or xent computes are observed, those within other functions too."
    )


def _module(module: torch.nn.Module) -> Subject:
    if not is_loss_module(module):
        return Subject(model=module)
    own = defines_forward(type(module))
    if own is None:
        raise TypeError(
            f"watch: `model_or_loss` is a loss, {type(module).__name__}, whose class defines no forward to observe. "
            "Pass it before it is compiled or scripted, or a model, or nothing."
        )
    return Subject(only=module, own=own)
