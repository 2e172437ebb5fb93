"""xent's losses in torch's place, in code that exists already.

What is replaced are the functions of torch.nn.functional, and the names that other modules have imported them under.
torch's loss modules call these functions by name, so they follow: those made before as well as after, and nothing
made in between stays behind when torch's functions are put back.
"""

import sys
from collections.abc import Callable, Iterator
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
    originals = {id(original): original for original in _LOSSES}
    for module in _modules():
        for name, value in list(vars(module).items()):
            if id(value) in originals:
                _replaced.append((module, name, value))
                setattr(module, name, _LOSSES[value])


def unpatch() -> None:
    """Put torch's own losses back where :func:`patch` has replaced them. Without a patch, nothing happens.

    Example:
        >>> import xent
        >>> xent.unpatch()
    """
    while _replaced:
        module, name, original = _replaced.pop()
        # What has been bound to the name since is not ours to take away.
        if getattr(module, name, None) is _LOSSES[original]:
            setattr(module, name, original)


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


def _modules() -> list[ModuleType]:
    """Modules that may hold the functions: all but xent, whose own names stay, and torch's other than F."""
    kept = ("xent", "torch")
    others = [m for name, m in list(sys.modules.items()) if name.partition(".")[0] not in kept]
    return [F, *(m for m in others if isinstance(m, ModuleType))]
