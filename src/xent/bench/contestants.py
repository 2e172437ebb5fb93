"""Who is timed: xent, torch eager and compiled, and the floors, which only read or copy the logits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import torch
from torch import Tensor

from xent.bench.losses import Builder, Criterion, Loss

XENT = "xent"
RIVALS = ("torch", "compile")
FLOORS = ("read", "copy")


@dataclass(frozen=True)
class Contestant:
    """The same loss reduced to a scalar and unreduced."""

    reduced: Criterion
    unreduced: Criterion


def contestants(loss: Loss, keywords: dict[str, Any], rivals: Sequence[str]) -> dict[str, Contestant]:
    """Xent and the rivals, by name; nothing is compiled before it is first called."""
    found = {XENT: _built(loss.build_xent, loss, keywords)}
    if "torch" in rivals:
        found["torch"] = _built(loss.build_torch, loss, keywords)
    if "compile" in rivals:
        eager = _built(loss.build_torch, loss, keywords)
        found["compile"] = Contestant(_compiled(eager.reduced), _compiled(eager.unreduced))
    return found


def floors(logits: Tensor) -> tuple[dict[str, Callable[[], object]], str]:
    """One read of the logits and one copy of them, and which function reads them fastest.

    Args:
        logits: Contiguous, of an even number of elements.
    """
    flat = logits.detach().flatten()
    # Memory is read as it lies: as float32, or as int64 where that is faster, whatever the dtype.
    floats, integers = flat.view(torch.float32), flat.view(torch.int64)
    reads: dict[str, Callable[[], object]] = {
        "sum of float32": floats.sum,
        "amax of float32": floats.amax,
        "amax of int64": integers.amax,
    }
    fastest = min(reads, key=lambda name: _seconds(reads[name]))
    buffer = torch.empty_like(flat)
    return {"read": reads[fastest], "copy": lambda: buffer.copy_(flat)}, fastest


def _built(builder: Builder, loss: Loss, keywords: dict[str, Any]) -> Contestant:
    return Contestant(builder(reduction=loss.reduction, **keywords), builder(reduction="none", **keywords))


def _compiled(criterion: Criterion) -> Criterion:
    compiled: Criterion = torch.compile(criterion, fullgraph=True, dynamic=False)
    return compiled


def _seconds(call: Callable[[], object], repetitions: int = 5) -> float:
    """The shortest of a few times, after a warm-up."""
    call()
    times = []
    for _ in range(repetitions):
        start = perf_counter()
        call()
        times.append(perf_counter() - start)
    return min(times)
