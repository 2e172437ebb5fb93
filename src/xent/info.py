"""What computes the losses here, and what would compute a given call."""

import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from xent import dispatch
from xent.backends import native

HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")


@dataclass(frozen=True)
class Info:
    """What computes the losses.

    Attributes:
        backend: "native" or "reference": what computes the call that was asked about, or calls in general.
        reason: Why that is not the native backend; None if it is.
        instruction_set: The one that the native kernels use; None if they are not there.
        compiled: The instruction sets compiled in, best first.
        supported: Those of them that this machine has.
        threads: How many threads the kernels may use, as set by ``torch.set_num_threads``.
        huge_pages: Linux's setting for large pages, "always", "madvise" or "never"; None elsewhere. Unless it is
            "never", fresh memory for large gradients takes fewer page faults.
        xent: Version.
        torch: Version.
        python: Version.

    Example:
        >>> import xent
        >>> isinstance(xent.info(), xent.Info)
        True
    """

    backend: str
    reason: str | None
    instruction_set: str | None
    compiled: tuple[str, ...]
    supported: tuple[str, ...]
    threads: int
    huge_pages: str | None
    xent: str
    torch: str
    python: str

    def __str__(self) -> str:
        lines = {
            "backend": self.backend if self.reason is None else f"{self.backend}: {self.reason}",
            "instruction set": self._instruction_sets(),
            "threads": str(self.threads),
            "huge pages": self.huge_pages or "not a setting of this system",
            "versions": f"xent {self.xent}, torch {self.torch}, Python {self.python}",
        }
        return "\n".join(f"{name:<16} {text}" for name, text in lines.items())

    def _instruction_sets(self) -> str:
        if self.instruction_set is None:
            return "none, the native backend is absent"
        sets = f"compiled: {', '.join(self.compiled)}; supported: {', '.join(self.supported)}"
        return f"{self.instruction_set} ({sets})"


def info(function: Callable[..., Any] | None = None, *args: Any, **kwargs: Any) -> Info:
    """What computes the losses on this machine, or, given a call, what would compute that one, and why.

    The call is checked as always, but not computed.

    Args:
        function: A loss of xent as a function or a module, or anything that calls one; None to ask about calls in
            general.
        args: What it would be called with.
        kwargs: What it would be called with by keyword.

    Returns:
        The backend and the reason for it, the native kernels' instruction set and threads, and versions. It prints as
        a small table.

    Raises:
        ValueError: The function computes no loss of xent. What the call itself would raise is raised, too.

    Example:
        >>> import torch, xent
        >>> print(xent.info())
        backend ...
        >>> answer = xent.info(xent.nll_loss, torch.zeros(2, 3), torch.tensor([0, 1]))
        >>> answer.backend
        'reference'
    """
    state = native.state()
    backend, reason = "native" if state.absence is None else "reference", state.absence
    if function is not None:
        choice = dispatch.choice_of(function, *args, **kwargs)
        if choice is None:
            raise ValueError(f"{function!r} has computed no loss of xent. Pass one, such as xent.cross_entropy.")
        backend, reason = choice.backend, choice.reason
    return Info(
        backend=backend,
        reason=reason,
        instruction_set=state.instruction_set,
        compiled=state.compiled,
        supported=state.supported,
        threads=state.threads,
        huge_pages=_huge_pages(),
        xent=_version(),
        torch=torch.__version__,
        python=platform.python_version(),
    )


def _huge_pages() -> str | None:
    """The word in brackets of "always [madvise] never"."""
    if sys.platform != "linux" or not HUGE_PAGES.exists():
        return None
    return HUGE_PAGES.read_text(encoding="ascii").partition("[")[2].partition("]")[0]


def _version() -> str:
    from xent import __version__  # known once the package has been imported

    return __version__
