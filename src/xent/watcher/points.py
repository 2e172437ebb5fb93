"""Where calls of losses are seen: stand-ins for functions, and the forward of loss modules.

They are in place while there is a watch. Functions are found under every name that modules have for them, as
xent.patch finds them. xent's modules go to their kernels without calling a public function, and torch's are known by
their settings only where they are called: so the forward of their classes is seen, and no other module pays.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from types import FunctionType
from typing import Any

import torch
from torch.compiler import is_compiling

from xent import functional, nn
from xent.catalog import ROWS
from xent.patch import put_stand_ins, take_stand_ins_away, torchs
from xent.presets import DeferredReweighting
from xent.watcher.observing import ACTIVE, THREAD, observe

Module = type[torch.nn.Module]


@dataclass
class _Forward:
    """The forward of a class of modules, while it is watched."""

    original: Callable[..., Any]
    observed: Callable[..., Any]
    watches: int = 0


_forwards: dict[Module, _Forward] = {}


def defines_forward(module: Module) -> Module | None:
    """The class, among those that a class of modules inherits from, whose forward it has; None if it has none."""
    found = next((one for one in module.__mro__ if "forward" in vars(one)), None)
    return found if found not in (None, torch.nn.Module) else None


def _classes() -> tuple[Module, ...]:
    """Every class that defines the forward of a loss of torch's or of xent's."""
    losses = [getattr(room, name) for room in (torch.nn, nn) for name in nn.__all__]
    losses += [DeferredReweighting, *(row.module for row in ROWS.values())]
    return tuple(dict.fromkeys(one for loss in losses if (one := defines_forward(loss)) is not None))


# The two stand-ins say the same twice, and count during a nap themselves: in the midst of a training step, a further
# call of Python costs some microseconds.


def _observed_function(function: Callable[..., Any]) -> Callable[..., Any]:
    active, thread, clock, traced, show = ACTIVE, THREAD, perf_counter, is_compiling, observe

    def observed(*args: Any, **kwargs: Any) -> Any:
        if traced() or thread.inside or not active.watches:
            return function(*args, **kwargs)
        if clock() >= active.wakes:
            return show(function, function, args, kwargs)
        active.passed[id(function)] = active.passed.get(id(function), 0) + 1
        thread.inside = True
        try:
            return function(*args, **kwargs)
        finally:
            thread.inside = False

    return _at_home_of(function, observed)


def _observed_forward(forward: Callable[..., Any]) -> Callable[..., Any]:
    active, thread, clock, traced, show = ACTIVE, THREAD, perf_counter, is_compiling, observe

    def observed(self: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
        if traced() or thread.inside or not active.watches:
            return forward(self, *args, **kwargs)
        if clock() >= active.wakes:
            return show(forward, self, (self, *args), kwargs)
        active.passed[id(self)] = active.passed.get(id(self), 0) + 1
        thread.inside = True
        try:
            return forward(self, *args, **kwargs)
        finally:
            thread.inside = False

    return _at_home_of(forward, observed)


def _at_home_of(original: Callable[..., Any], observed: Any) -> Callable[..., Any]:
    """The stand-in, with the name, the documentation and the global names of the original.

    torch.jit.script compiles the source of what is stood in for, and looks up its names where the stand-in stands.
    """
    home = getattr(original, "__globals__", globals())
    moved = FunctionType(observed.__code__, home, observed.__name__, None, observed.__closure__)
    return functools.wraps(original)(moved)


_CLASSES = _classes()

_FUNCTIONS = tuple(
    dict.fromkeys(
        [
            *torchs(),
            *(getattr(functional, name) for name in functional.__all__),
            *(row.function for row in ROWS.values()),
        ]
    )
)

_STAND_INS = {function: _observed_function(function) for function in _FUNCTIONS}


def open_points(own: Module | None) -> None:
    """Begin to see the calls.

    Args:
        own: A class of modules that is to be seen beside torch's and xent's.
    """
    if not _forwards:
        put_stand_ins(_STAND_INS)
    for module in _with(own):
        if module not in _forwards:
            original = vars(module)["forward"]
            _forwards[module] = _Forward(original, _observed_forward(original))
            module.forward = _forwards[module].observed
        _forwards[module].watches += 1


def close_points(own: Module | None) -> None:
    """Undo :func:`open_points`: what the last watch leaves is as it was."""
    for module in _with(own):
        point = _forwards[module]
        point.watches -= 1
        if point.watches:
            continue
        if vars(module).get("forward") is point.observed:  # else somebody else's
            module.forward = point.original
        del _forwards[module]
    if not _forwards:
        take_stand_ins_away()


def _with(own: Module | None) -> tuple[Module, ...]:
    return (*_CLASSES, own) if own is not None and own not in _CLASSES else _CLASSES


def function_of(called: object) -> Callable[..., Any] | None:
    """The loss that a function is or stands in for; None if it is no loss that can be seen."""
    return next((one for one, stand_in in _STAND_INS.items() if called is one or called is stand_in), None)


def is_loss_module(module: torch.nn.Module) -> bool:
    """Whether a module is a loss rather than a model: torch's or xent's, or one that learns nothing itself."""
    if isinstance(module, _CLASSES):
        return True
    return next(module.parameters(), None) is None
