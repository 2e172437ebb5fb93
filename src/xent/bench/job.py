"""The benchmark: case by case, each in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any, cast

from xent.bench.cases import Case
from xent.bench.memory import KEEP_MAPPED, MODES
from xent.bench.order import Order
from xent.bench.results import Failure, Measurement
from xent.bench.settings import Settings

# What the worker's environment gets where the user's own says nothing. A spinning barrier costs milliseconds on a
# busy machine; processes that compile ahead would compete with what is timed.
DEFAULTS = {"OMP_WAIT_POLICY": "passive", "TORCHINDUCTOR_COMPILE_THREADS": "1"}


@dataclass(frozen=True)
class Progress:
    """What the job tells: a stage of a case or, with ``outcome``, its end."""

    case: Case
    memory: str
    finished: int
    total: int
    stage: str = ""
    outcome: Measurement | Failure | None = None


def bench(settings: Settings, on_progress: Callable[[Progress], None]) -> list[Measurement | Failure]:
    """Measure every case in every memory mode.

    Args:
        settings: What to measure.
        on_progress: Told of each stage and each outcome.

    Returns:
        The outcomes in the order of the cases; one that fails does not keep the others from being measured.
    """
    orders = [
        Order(case, mode, settings.rivals, settings.effort, settings.threads)
        for mode in settings.modes
        for case in settings.chosen
    ]
    outcomes: list[Measurement | Failure] = []
    for order in orders:

        def on_stage(stage: str, order: Order = order) -> None:
            on_progress(Progress(order.case, order.memory, len(outcomes), len(orders), stage))

        outcomes.append(_measured(order, on_stage))
        on_progress(Progress(order.case, order.memory, len(outcomes), len(orders), outcome=outcomes[-1]))
    return outcomes


def environment(mode: str) -> dict[str, str]:
    """The environment of a worker in this memory mode."""
    inherited = {name: value for name, value in os.environ.items() if name not in KEEP_MAPPED}
    return {**DEFAULTS, **inherited, **MODES[mode]}


def _measured(order: Order, on_stage: Callable[[str], None]) -> Measurement | Failure:
    event: dict[str, Any] = {}
    with tempfile.TemporaryFile("w+") as errors, _worker(order, errors) as worker:
        for line in cast(IO[str], worker.stdout):
            event = json.loads(line)
            if "stage" in event:
                on_stage(event["stage"])
        status = worker.wait()
        errors.seek(0)
        last_words = errors.read().strip().rpartition("\n")[2]
    if "measurement" in event:
        return Measurement.from_json(event["measurement"])
    return Failure(order.case, order.memory, event.get("failure") or _ending(status, last_words))


@contextmanager
def _worker(order: Order, errors: Any) -> Iterator[subprocess.Popen[str]]:
    """A worker that has its order, and does not outlive the context."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "xent.bench.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        env=environment(order.memory),
        # An interruption from the keyboard reaches this process alone, which then ends the worker.
        start_new_session=True,
    )
    try:
        # One that ends at once does not read; why it ended is told by its status.
        with suppress(BrokenPipeError), cast(IO[str], worker.stdin) as stdin:
            stdin.write(order.to_json())
        yield worker
    finally:
        _end(worker)


def _end(worker: subprocess.Popen[str]) -> None:
    if worker.poll() is None:
        if sys.platform == "win32":
            worker.kill()
        else:
            # With the compilers that it may have started.
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
    if worker.stdout is not None:
        worker.stdout.close()


def _ending(status: int, last_words: str) -> str:
    if status == -9:
        return "the process was killed, as it is when memory runs out"
    return f"the process ended with status {status}: {last_words or 'it printed nothing'}"
