"""What the times were measured on."""

import os
import platform
from pathlib import Path

import torch

import xent

_CPU = Path("/proc/cpuinfo")
_HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def describe() -> dict[str, str | int]:
    """Versions, processor, threads, instruction set, and the settings of memory and OpenMP, of this process."""
    found: dict[str, str | int] = {
        "xent": xent.__version__,
        "torch": str(torch.__version__),
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "threads": torch.get_num_threads(),
        "instruction set of torch": torch.backends.cpu.get_cpu_capability(),
        "huge pages": _huge_pages(),
        "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "not set"),
    }
    if hasattr(xent, "info"):
        found["backends of xent"] = str(xent.info())
    return found


def _processor() -> str:
    try:
        for line in _CPU.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    except OSError:
        pass
    return platform.processor() or "unknown"


def _huge_pages() -> str:
    """The setting in force, which the kernel puts in brackets."""
    try:
        return _HUGE_PAGES.read_text().partition("[")[2].partition("]")[0]
    except OSError:
        return "n/a"
