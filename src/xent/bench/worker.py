"""The process in which one case is measured: its order is read from stdin, what it found goes to stdout as JSON.

    python -m xent.bench.worker

One line an event: ``{"stage": "..."}`` while it goes on, ``{"measurement": {...}}`` or ``{"failure": "..."}`` at last.
"""

import gc
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, TextIO

import torch

from xent.bench import memory
from xent.bench.agreement import differences
from xent.bench.cases import DTYPES
from xent.bench.contestants import XENT, Contestant, contestants, floors
from xent.bench.losses import Inputs
from xent.bench.machine import describe
from xent.bench.measure import Effort, Times, interleave
from xent.bench.order import Order
from xent.bench.results import Measurement
from xent.bench.workloads import FORWARD, FORWARD_BACKWARD, WORKLOADS, Data

SEED = 0

# The first call compiles; the second has seen every buffer that is kept.
WARM_UP_CALLS = 2

# Memory to map ahead, in terms of what the contestant that takes the most needs at its peak.
ROOM = 4


def measure(order: Order, stage: Callable[[str], None]) -> Measurement:
    """Measure a case in this process.

    Args:
        order: What.
        stage: Told what is being done.

    Raises:
        DisagreementError: If xent's result is wrong.
    """
    if order.threads is not None:
        torch.set_num_threads(order.threads)
    torch.manual_seed(SEED)
    loss = order.case.definition
    with memory.returned_at_once(order.memory):
        stage("making the data")
        inputs = loss.inputs(order.case.shape, DTYPES[order.case.dtype])
        found = contestants(loss, inputs.keywords, order.rivals)
        data = _with_grad_output(inputs, found)
        _warm_up(found, data, stage)
        # A loaded compiler holds so many objects that each collection would take a third of a second.
        gc.collect()
        gc.freeze()
        stage("comparing results")
        differing = differences(found, loss, inputs)
        stage("peak memory")
        peaks = _peaks(found, data)
    memory.map_ahead(order.memory, ROOM * _largest(peaks, data))
    times, fastest_read = _times(found, data, order.effort, stage)
    return Measurement(
        case=order.case,
        memory=order.memory,
        times=times,
        peak_bytes=peaks,
        differences={name: asdict(difference) for name, difference in differing.items()},
        fastest_read=fastest_read,
        machine=describe(),
    )


def _with_grad_output(inputs: Inputs, found: Mapping[str, Contestant]) -> Data:
    with torch.no_grad():
        shaped = found[XENT].unreduced(inputs.input, inputs.target)
    return Data(inputs.input.requires_grad_(), inputs.target, torch.rand_like(shaped))


def _warm_up(found: Mapping[str, Contestant], data: Data, stage: Callable[[str], None]) -> None:
    for name, contestant in found.items():
        doing = "compiling" if name == "compile" else f"warming up {name}"
        for workload in WORKLOADS.values():
            stage(f"{doing}: {workload.title.lower()}")
            call = workload.of(contestant, data)
            for _ in range(WARM_UP_CALLS):
                call()


def _times(
    found: Mapping[str, Contestant], data: Data, effort: Effort, stage: Callable[[str], None]
) -> tuple[dict[str, dict[str, Times]], str]:
    lowest, fastest_read = floors(data.input)
    times = {}
    for workload in WORKLOADS.values():
        stage(f"timing: {workload.title.lower()}")
        calls = {name: workload.of(contestant, data) for name, contestant in found.items()}
        times[workload.name] = interleave({**calls, **lowest}, effort)
    return times, fastest_read


def _peaks(found: Mapping[str, Contestant], data: Data) -> dict[str, dict[str, int | None]]:
    gradient = data.input.nbytes
    peaks: dict[str, dict[str, int | None]] = {}
    for workload, included in ((FORWARD_BACKWARD, gradient), (FORWARD, 0)):
        peaks[workload.name] = {}
        for name, contestant in found.items():
            peak = memory.peak_bytes(workload.of(contestant, data))
            peaks[workload.name][name] = None if peak is None else peak - included
    return peaks


def _largest(peaks: Mapping[str, Mapping[str, int | None]], data: Data) -> int:
    """Bytes of the contestant that takes the most, its gradient included."""
    return data.input.nbytes + max(peak or 0 for peak in peaks[FORWARD_BACKWARD.name].values())


def _tell(channel: TextIO, **event: Any) -> None:
    print(json.dumps(event), file=channel, flush=True)


def main() -> None:
    """Measure the case that stdin orders."""
    # What a compiler or a library prints must not come between the events.
    with os.fdopen(os.dup(1), "w") as channel:
        os.dup2(2, 1)
        order = Order.from_json(sys.stdin.read())
        try:
            measurement = measure(order, lambda what: _tell(channel, stage=what))
        except Exception as error:
            # Whatever a contestant raises is the outcome of its case, not the end of the run.
            first_line = str(error).strip().partition("\n")[0]
            _tell(channel, failure=f"{type(error).__name__}: {first_line}")
            raise
        _tell(channel, measurement=measurement.to_json())


if __name__ == "__main__":
    main()
