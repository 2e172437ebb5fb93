"""A call of a loss as it was made, in the linter's terms."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from inspect import Parameter, Signature, signature
from typing import Any

import torch
from torch import Tensor

from xent.linter import Call, call_of

# Settings that come with a module's call; it holds the others.
OF_BATCH = ("sample_weight", "mask", "normalizer")

# torch's deprecated ways to say the reduction.
DEPRECATED = ("size_average", "reduce")

_signature = lru_cache(maxsize=256)(signature)


def arguments(function: Callable[..., Any], given: tuple[Any, ...], keywords: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call by name, in the order of the signature; those of ``*args`` by their number."""
    known: Signature = _signature(function)
    found: dict[str, Any] = {}
    for name, value in known.bind(*given, **keywords).arguments.items():
        kind = known.parameters[name].kind
        if kind is Parameter.VAR_POSITIONAL:
            found.update({str(number): one for number, one in enumerate(value)})
        elif kind is Parameter.VAR_KEYWORD:
            found.update(value)
        else:
            found[name] = value
    return found


def input_and_target(named: Mapping[str, Any]) -> tuple[Tensor, Tensor] | None:
    """The first two arguments, or None if they are not two tensors."""
    first = list(named.values())[:2]
    if len(first) == 2 and isinstance(first[0], Tensor) and isinstance(first[1], Tensor):
        return first[0], first[1]
    return None


def described(loss: Any, named: Mapping[str, Any], **known: Any) -> Call:
    """The call, described.

    Args:
        loss: The function or the module.
        named: Its arguments by name.
        **known: Other fields of the call: value, counts, step.
    """
    (_, input), (_, target), *others = named.items()
    settings = dict(others)
    if isinstance(loss, torch.nn.Module):
        settings = {name: value for name, value in settings.items() if name in OF_BATCH}
    elif any(settings.get(name) is not None for name in DEPRECATED):
        settings["reduction"] = _reduction(settings)
    return call_of(input, target, loss, settings, **known)


def spoils_input(loss: Any, named: Mapping[str, Any]) -> bool:
    """Whether the gradient takes the place of the input, so that it has to be looked at before."""
    return bool(named.get("inplace_gradient", getattr(loss, "inplace_gradient", False)))


def _reduction(settings: Mapping[str, Any]) -> str:
    """What torch's deprecated arguments mean."""
    if settings.get("reduce") is False:
        return "none"
    return "sum" if settings.get("size_average") is False else "mean"
