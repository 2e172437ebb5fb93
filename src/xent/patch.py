"""xent's losses in torch's place, in code that exists already.

What is replaced are the functions of torch.nn.functional, and the names that other modules have imported them under.
torch's loss modules call these functions by name, so they follow: those made before as well as after, and nothing
made in between stays behind when torch's functions are put back.

A watch (:mod:`xent.watcher`) puts stand-ins in the place of both, and they are told apart here: patching changes which
loss is computed, a stand-in observes it, and either may come and go while the other stays.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import torch.nn.functional as F

from xent import functional

# torch's function -> xent's.
_LOSSES: dict[Callable[..., Any], Callable[..., Any]] = {
    getattr(F, name): getattr(functional, name) for name in functional.__all__
}

# Where torch's functions stood: module, name, function. Only these places are given back to torch, so that xent's own
# names in user code stay.
_replaced: list[tuple[ModuleType, str, Callable[..., Any]]] = []

# Function -> what stands in for it, wherever it is named; empty unless there is a watch.
_stand_ins: dict[Callable[..., Any], Callable[..., Any]] = {}

# Modules of xent whose names its users call. Among themselves xent's modules use the functions.
_OWN = ("xent", "xent.functional", "xent.presets")


def patch() -> None:
    """Put xent's losses in the place of torch's, in ``torch.nn.functional`` and wherever they were imported by name.

    ``torch.nn.CrossEntropyLoss`` and the other loss modules follow, those that exist already too. Calling it again
    covers modules imported since.

    Example:
        >>> import torch, xent
        >>> xent.patch()
        >>> torch.nn.functional.cross_entropy is xent.cross_entropy
        True
        >>> xent.unpatch()
        >>> torch.nn.functional.cross_entropy is xent.cross_entropy
        False
    """
    originals = {id(form): original for original in _LOSSES for form in (original, _named(original))}
    for module, name, original in _places(_modules(), originals):
        _replaced.append((module, name, original))
        setattr(module, name, _named(_LOSSES[original]))


def unpatch() -> None:
    """Put torch's own losses back where :func:`patch` has replaced them. Without a patch, nothing happens.

    Example:
        >>> import xent
        >>> xent.unpatch()
    """
    while _replaced:
        module, name, original = _replaced.pop()
        ours, found = _LOSSES[original], getattr(module, name, None)
        # What has been bound to the name since is not ours to take away.
        if found is ours or found is _named(ours):
            setattr(module, name, _named(original))


@contextmanager
def patched() -> Iterator[None]:
    """:func:`patch` for the length of a ``with`` block, after which all is as it was, also after an exception.

    A module that is first imported inside the block, and imports a loss by name there, keeps xent's.

    Example:
        >>> import torch, xent
        >>> criterion = torch.nn.CrossEntropyLoss()
        >>> with xent.patched():
        ...     criterion(torch.tensor([[17.0, 0.0]]), torch.tensor([0]))  # torch: 0.
        tensor(4.1399e-08)
    """
    was_patched = bool(_replaced)
    patch()
    try:
        yield
    finally:
        if not was_patched:
            unpatch()


def torchs() -> tuple[Callable[..., Any], ...]:
    """The functions of torch, whatever stands in their place now."""
    return tuple(_LOSSES)


def put_stand_ins(stand_ins: Mapping[Callable[..., Any], Callable[..., Any]]) -> None:
    """Put stand-ins in the place of functions, torch's and xent's, wherever they were imported by name.

    Args:
        stand_ins: Function -> what is called in its place, which calls it.
    """
    _stand_ins.update(stand_ins)
    originals = {id(function): function for function in stand_ins}
    for module, name, function in _places([*_own_modules(), *_modules()], originals):
        setattr(module, name, stand_ins[function])


def take_stand_ins_away() -> None:
    """Put the functions back, in modules imported since as well."""
    functions = {id(stand_in): function for function, stand_in in _stand_ins.items()}
    _stand_ins.clear()
    for module, name, function in _places([*_own_modules(), *_modules()], functions):
        setattr(module, name, function)


def _named(function: Callable[..., Any]) -> Callable[..., Any]:
    """What has to stand where a function is named: itself, or its stand-in."""
    return _stand_ins.get(function, function)


def _places(
    modules: list[ModuleType], wanted: Mapping[int, Callable[..., Any]]
) -> list[tuple[ModuleType, str, Callable[..., Any]]]:
    """Where modules name what is wanted by its id: module, name, and what the id stands for."""
    return [
        (module, name, wanted[id(value)])
        for module in modules
        for name, value in list(vars(module).items())
        if id(value) in wanted
    ]


def _own_modules() -> list[ModuleType]:
    return [sys.modules[name] for name in _OWN if name in sys.modules]


def _modules() -> list[ModuleType]:
    """Modules that may hold the functions: all but xent, whose own names stay, and torch's other than F."""
    kept = ("xent", "torch")
    others = [m for name, m in list(sys.modules.items()) if name.partition(".")[0] not in kept]
    return [F, *(m for m in others if isinstance(m, ModuleType))]
