"""A call of a loss on its way through the watches.

Only the outermost call is seen: a module that calls a function counts once, and the linter's own calls do not count.

Even to decide that a call is not looked at takes a few microseconds, and ten times that amid the rest of a training
step, which leaves nothing of it in the caches. So when several calls in a row were not, the watches nap: for a quarter
of a second calls are only counted.
"""

import sys
import threading
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from xent.dispatch import modes
from xent.watcher.description import arguments, input_and_target, spoils_input
from xent.watcher.place import caller

if TYPE_CHECKING:
    from xent.watcher.watching import Watch


# How many calls in a row that nobody looks at bring on a nap, and its length in seconds.
IDLE_CALLS = 16
NAP = 0.25


class _Active:
    """The watches that are under way.

    Attributes:
        watches: All of them.
        wakes: When their nap ends, by the clock.
        idle: Calls since the last that was looked at.
        passed: Calls during the nap, by the id of the loss.
    """

    def __init__(self) -> None:
        self.watches: tuple[Watch, ...] = ()
        self.wakes = 0.0
        self.idle = 0
        self.passed: dict[int, int] = {}

    def change(self, watches: "tuple[Watch, ...]") -> None:
        """Watch with others than before."""
        self.wake()
        self.watches = watches

    def wake(self) -> None:
        """End the nap, and tell the watches what they have missed."""
        for watch in self.watches:
            watch.counted += self.missed_by(watch)
        self.passed = {}
        self.wakes, self.idle = 0.0, 0

    def missed_by(self, watch: "Watch") -> int:
        """How many calls during this nap a watch would have counted."""
        if watch not in self.watches:
            return 0
        return sum(self.passed.values()) if watch.only is None else self.passed.get(id(watch.only), 0)

    def rest(self, was_seen: bool) -> None:
        """Begin a nap, if it is time."""
        self.idle = 0 if was_seen else self.idle + 1
        if self.idle >= IDLE_CALLS and all(watch.may_nap for watch in self.watches):
            self.wakes = perf_counter() + NAP


class _Thread(threading.local):
    inside = False  # whether a call of a loss is being observed on this thread


ACTIVE = _Active()
THREAD = _Thread()


def observe(original: Callable[..., Any], loss: Any, given: tuple[Any, ...], keywords: Mapping[str, Any]) -> Any:
    """What the loss gives, shown to the watches that want to see it.

    Args:
        original: The function, or a module's forward as a function.
        loss: The function, or the module.
        given: Positional arguments, a module's own first.
        keywords: Keyword arguments.
    """
    if ACTIVE.passed:
        ACTIVE.wake()
    watches = [watch for watch in ACTIVE.watches if watch.only is None or watch.only is loss]
    if not watches:
        return original(*given, **keywords)
    frame = caller(sys._getframe(2))
    THREAD.inside = True
    try:
        visits = [visit for watch in watches if (visit := watch.count(loss, frame)) is not None]
        if visits:
            result = _shown(original, loss, given, keywords, visits)
        else:
            result = original(*given, **keywords)
        for watch in watches:
            watch.passed(result)
        ACTIVE.rest(bool(visits))
        return result
    finally:
        THREAD.inside = False


def _shown(
    original: Callable[..., Any],
    loss: Any,
    given: tuple[Any, ...],
    keywords: Mapping[str, Any],
    visits: "list[Callable[..., None]]",
) -> Any:
    """Compute the loss, and show the call."""
    named = _arguments(original, loss, given, keywords)
    if named is None or not _can_be_looked_at(named):
        return original(*given, **keywords)
    if spoils_input(loss, named):
        _show(visits, loss, named, None)
        return original(*given, **keywords)
    try:
        result = original(*given, **keywords)
    except Exception:
        _show(visits, loss, named, None, is_raised=True)
        raise
    _show(visits, loss, named, result)
    return result


def _show(visits: "list[Callable[..., None]]", *seen: Any, is_raised: bool = False) -> None:
    for visit in visits:
        visit(*seen, is_raised=is_raised)


def _arguments(
    original: Callable[..., Any], loss: Any, given: tuple[Any, ...], keywords: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The arguments by name, without the module itself; None if the call does not fit the signature."""
    try:
        named = arguments(original, given, keywords)
    except (TypeError, ValueError):
        return None
    if isinstance(loss, torch.nn.Module):
        named.pop(next(iter(named)))
    return named


def _can_be_looked_at(named: Mapping[str, Any]) -> bool:
    """Whether input and target hold values that may be read now."""
    tensors = input_and_target(named)
    if tensors is None or modes.are_on():
        return False
    return all(modes.is_plain(tensor) and not _is_captured(tensor) for tensor in tensors)


def _is_captured(tensor: Tensor) -> bool:
    """Whether the operations on the tensor go into a CUDA graph, which no value may be read from."""
    return tensor.is_cuda and torch.cuda.is_current_stream_capturing()
