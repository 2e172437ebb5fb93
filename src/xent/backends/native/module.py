"""The compiled module, if it is there; torch's threads for it, and the instruction set that XENT_FORCE_ISA asks for."""

import ctypes
import os
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import torch

FORCE_ISA = "XENT_FORCE_ISA"


class State(NamedTuple):
    """What there is of the native backend."""

    absence: str | None  # why the module is not there
    instruction_set: str | None = None
    compiled: tuple[str, ...] = ()
    supported: tuple[str, ...] = ()
    threads: int = 1


def state() -> State:
    """What there is, at the moment."""
    if ABSENCE is not None:
        return State(ABSENCE)
    sets = tuple(NATIVE.compiled()), tuple(NATIVE.supported())
    return State(None, NATIVE.instruction_set(), *sets, NATIVE.threads())


def _load() -> tuple[Any, str | None]:
    """The module, or None and why there is none."""
    try:
        return import_module("xent._native"), None
    except ImportError as error:
        return None, f"xent._native is not built: {error}"


def _use_torchs_threads(native: ModuleType) -> None:
    """Let the kernels run in torch's own pool. Where torch does not offer it (before 2.10), they run serially."""
    folder = Path(torch.__file__).parent / "lib"
    for name in ("libtorch_cpu.so", "libtorch_cpu.dylib"):
        try:
            library = ctypes.CDLL(str(folder / name))
            functions = (library.torch_parallel_for, library.torch_get_num_threads)
        except (OSError, AttributeError):
            continue
        addresses = (ctypes.cast(function, ctypes.c_void_p).value for function in functions)
        native.use_threads(*addresses)


def _force_instruction_set(native: ModuleType, wanted: str | None) -> None:
    if not wanted:
        return
    if wanted not in native.supported():
        known = ", ".join(native.supported())
        lacking = "this machine lacks it" if wanted in native.compiled() else "it is not compiled in"
        raise ImportError(f"{FORCE_ISA}={wanted}, but {lacking}. There is: {known}.")
    native.use(wanted)


def _prepare() -> tuple[Any, str | None]:
    native, absent = _load()
    forced = os.environ.get(FORCE_ISA)
    if native is not None:
        _use_torchs_threads(native)
        _force_instruction_set(native, forced)
    elif forced:
        raise ImportError(f"{FORCE_ISA}={forced}, but {absent}.")
    return native, absent


NATIVE, ABSENCE = _prepare()
