"""Asking what a call would be computed by, without computing it."""

import threading
from collections.abc import Callable
from typing import Any, NoReturn


class Choice(Exception):  # noqa: N818 - it ends a call that was only asked about, and is no error
    """The backend that a call would be computed by, and why not by the native one."""

    def __init__(self, backend: str, reason: str | None) -> None:
        super().__init__(backend, reason)
        self.backend = backend
        self.reason = reason


class _Inquiry(threading.local):
    open = False  # whether calls on this thread are only asked about


STATE = _Inquiry()


def answer(reason: str | None) -> NoReturn:
    """End the call that is asked about: computed natively, or for a reason by the reference."""
    raise Choice("native" if reason is None else "reference", reason)


def choice_of(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Choice | None:
    """What the first loss that ``function`` computes would be computed by, or None if it computes none."""
    STATE.open = True
    try:
        function(*args, **kwargs)
    except Choice as choice:
        return choice
    finally:
        STATE.open = False
    return None
