"""Memory: whether it is already mapped, and how much a call takes at its peak."""

import ctypes
import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

# glibc then keeps what it once got from the kernel, instead of returning it with each large tensor. In bytes.
KEEP_MAPPED = {
    "MALLOC_MMAP_THRESHOLD_": str(1 << 32),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 36),
    "MALLOC_TOP_PAD_": str(1 << 30),
}

# glibc reads them when a process starts, so that each mode needs a process of its own.
MODES: dict[str, dict[str, str]] = {"mapped": KEEP_MAPPED, "fresh": {}}

_MOST_AHEAD = 2 << 30
_PIECE = 1 << 28

# Writing 5 there sets the peak (VmHWM) back to what is resident now; see man 5 proc.
# The same by mallopt, whose values are of 32 bits, and its opposite: every tensor is mapped and returned on its own.
# The parameters are M_TRIM_THRESHOLD, M_TOP_PAD and M_MMAP_THRESHOLD of malloc.h; a trim threshold of -1 is none.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_KEEP = {_TRIM_THRESHOLD: -1, _TOP_PAD: 1 << 30, _MMAP_THRESHOLD: (1 << 31) - 1}
_RETURN = {_TRIM_THRESHOLD: 0, _TOP_PAD: 0, _MMAP_THRESHOLD: 1 << 16}

_CLEAR_REFS = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")


def peak_bytes(call: Callable[[], object]) -> int | None:
    """The most memory resident during a call, beyond what was before; None where the kernel does not tell.

    The kernel counts in steps of a few pages a thread: do not read anything into less than a megabyte.
    """
    _release()
    try:
        _CLEAR_REFS.write_text("5")
        before = _resident("VmRSS")
        call()
        return _resident("VmHWM") - before
    except OSError:
        return None


def map_ahead(mode: str, size: int) -> None:
    """In the mode "mapped", have at least so many bytes resident, up to two gibibytes.

    glibc (2.36) rarely gives an aligned request the place that one of the same size has left, so that tensors wander
    through the heap until other gaps have merged. Without this, each round would map a little more.
    """
    if mode == "mapped":
        size = min(size, _MOST_AHEAD)
        pieces = [torch.ones(min(_PIECE, size - begin), dtype=torch.uint8) for begin in range(0, size, _PIECE)]
        del pieces


def page_faults() -> int | None:
    """Page faults of this process so far that needed no disk; None where nobody counts them."""
    if sys.platform == "win32":
        return None
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


@contextmanager
def returned_at_once(mode: str) -> Iterator[None]:
    """While memory is kept mapped, its peak cannot be seen: let malloc return it for as long as the context lasts.

    Without effect in the mode "fresh", whose default settings mallopt could not bring back.
    """
    if mode == "mapped":
        _mallopt(_RETURN)
        _release()
    yield
    if mode == "mapped":
        keep_mapped()


def keep_mapped() -> None:
    """Have malloc keep, from now on, what it gets from the kernel."""
    _mallopt(_KEEP)


def _release() -> None:
    """Give what an earlier call left back to the kernel, or it would be taken without being seen."""
    gc.collect()
    trim = _of_libc("malloc_trim")
    if trim is not None:
        trim(0)


def _mallopt(values: dict[int, int]) -> None:
    mallopt = _of_libc("mallopt")
    if mallopt is not None:
        for parameter, value in values.items():
            mallopt(parameter, value)


def _of_libc(name: str) -> Callable[..., int] | None:
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None


def _resident(field: str) -> int:
    for line in _STATUS.read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"{_STATUS} has no {field}")
