"""A loss, however it is named, as the settings of one of torch's functions.

It may be the name of a function or of a row of the catalogue, one of these functions, or a module of torch, of xent or
of somebody else. Of somebody else's only the name is known, and what rules can try out on it.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import torch

from xent import functional
from xent.catalog import ROWS, Row
from xent.core.logits import IDENTITY, LogitTransform
from xent.linter.call import Call, Loss
from xent.patch import torchs

MODULES: dict[type[torch.nn.Module], Loss] = {
    torch.nn.CrossEntropyLoss: "cross_entropy",
    torch.nn.NLLLoss: "nll_loss",
    torch.nn.BCEWithLogitsLoss: "binary_cross_entropy_with_logits",
    torch.nn.BCELoss: "binary_cross_entropy",
    torch.nn.KLDivLoss: "kl_div",
}

FUNCTIONS: dict[Callable[..., Any], Loss] = {
    **{function: function.__name__ for function in torchs()},  # type: ignore[misc]
    **{getattr(functional, name): name for name in MODULES.values()},
}

# Settings of xent's losses that a call has under another name.
RENAMED = {"positive": "event", "logits": "transform"}

# Settings that no rule asks for: they are allowed, and left aside.
UNASKED = frozenset(["size_average", "reduce", "z_loss", "inplace_gradient", "neg_scale"])

# torch's own default, for losses given by name or as a function; a module knows its.
IGNORE_INDEX = -100

# Settings that are given in the call of a module.
OF_BATCH = ("sample_weight", "mask", "normalizer")

# What a call has beside the settings of its loss.
OF_THE_CALL = frozenset(["loss", "input", "target", "name", "module", "value", "counts", "step", "kind"])

SETTINGS = frozenset(field.name for field in fields(Call)) - OF_THE_CALL


def describe(loss: object, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a :class:`Call` that belong to the loss: which it is, its name, its settings, the module.

    Args:
        loss: A name, a function, a module, any other callable, or None for predictions.
        settings: Keyword arguments of a loss given by name or as a function, and of a module's call.

    Raises:
        TypeError: ``loss`` is something else, or a setting is unknown.
        ValueError: The name is unknown.
    """
    return _with_defaults(_described(loss, settings))


def _described(loss: object, settings: Mapping[str, Any]) -> dict[str, Any]:
    if loss is None:
        return {"loss": "predictions", "name": "predictions", **_renamed("predictions", settings)}
    if isinstance(loss, str):
        return _of_name(loss, settings)
    if isinstance(loss, torch.nn.Module):
        return _of_module(loss, settings)
    if not callable(loss):
        raise TypeError(f"lint: `loss` must be a name, a function, a module or None, not {type(loss).__name__}.")
    return _of_function(loss, settings)


def _of_name(name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    if name in FUNCTIONS.values():
        return {"loss": name, "name": name, "module": getattr(functional, name), **_renamed(name, settings)}
    if name in ROWS:
        return _of_row(ROWS[name], settings)
    known = ", ".join([*MODULES.values(), *ROWS])
    raise ValueError(f"lint: `loss` is {name!r}, which is unknown. Pass a module, a function, or one of: {known}.")


def _of_function(function: Callable[..., Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    name = getattr(function, "__name__", type(function).__name__)
    if function in FUNCTIONS:
        return {"loss": FUNCTIONS[function], "name": name, "module": function, **_renamed(name, settings)}
    row = next((row for row in ROWS.values() if row.function is function), None)
    if row is not None:
        return _of_row(row, settings)
    return {"loss": "other", "name": name, "module": function, **_renamed(name, settings)}


def _of_row(row: Row, settings: Mapping[str, Any]) -> dict[str, Any]:
    of_batch = {name: value for name, value in settings.items() if name in OF_BATCH}
    of_loss = {name: value for name, value in settings.items() if name not in OF_BATCH}
    return _of_module(row.module(**{**row.arguments, **of_loss}), of_batch)


def _of_module(module: torch.nn.Module, settings: Mapping[str, Any]) -> dict[str, Any]:
    wrapped = getattr(module, "criterion", None)
    if isinstance(wrapped, torch.nn.Module):  # such as DeferredReweighting
        return _of_module(wrapped, settings)
    loss = next((name for torchs, name in MODULES.items() if isinstance(module, torchs)), "other")
    held = {name: getattr(module, name) for name in (*SETTINGS, *RENAMED) if hasattr(module, name)}
    name = type(module).__name__
    known = held if loss != "other" else {}
    return {"loss": loss, "name": name, "module": module, **_renamed(name, {**known, **settings})}


def _renamed(name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by the names that a call has for them; a None is the default."""
    found = {}
    for given, value in settings.items():
        setting = RENAMED.get(given, given)
        if setting not in SETTINGS and setting not in UNASKED:
            raise TypeError(f"lint: {name} has no setting `{given}`. Known: {', '.join(sorted(SETTINGS | UNASKED))}.")
        if setting in SETTINGS and value is not None:
            found[setting] = _transform(value) if setting == "transform" else value
    return found


def _with_defaults(description: dict[str, Any]) -> dict[str, Any]:
    """With torch's defaults that are not those of a call."""
    skips = description["loss"] in ("cross_entropy", "nll_loss")
    return {"ignore_index": IGNORE_INDEX, **description} if skips else description


def _transform(held: Any) -> LogitTransform:
    """The transform, out of the module that xent.nn holds it in."""
    if isinstance(held, LogitTransform):
        return held
    transform = getattr(held, "transform", None)
    made = transform() if callable(transform) else None
    return made if isinstance(made, LogitTransform) else IDENTITY
