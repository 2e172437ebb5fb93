"""One pass over predictions, by one process or several: whichever, the result is the same bit for bit."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any, NamedTuple

import torch

from xent.audit.tally.multi_label import MultiLabelTally
from xent.audit.tally.single_label import SingleLabelTally
from xent.audit.tally.tally import Tally
from xent.predictions import Predictions

# Parts a process gets, on average: progress is told after each, and none waits long for another.
PARTS_A_PROCESS = 4

# Numbers in the sample, and its most rows: what is fitted to it takes seconds.
SAMPLED_NUMBERS = 1 << 24
SAMPLED_ROWS = 100_000


class Progress(NamedTuple):
    """How far the pass has come: rows so far, and of how many; None if nobody knows."""

    rows: int
    total: int | None


def tally(
    predictions: Predictions,
    *,
    suspects: int,
    processes: int = 1,
    on_progress: Callable[[Progress], None] | None = None,
) -> Tally[Any]:
    """Everything that is kept of predictions.

    Args:
        predictions: To be read once.
        suspects: How many suspects to keep.
        processes: How many processes read.
        on_progress: Called now and then.
    """
    total = _empty(predictions, suspects)
    rows = 0

    def tell(more: int) -> None:
        nonlocal rows
        rows += more
        if on_progress is not None:
            on_progress(Progress(rows, predictions.rows))

    if processes == 1:
        _add_all(total, predictions, tell)
    else:
        for part, part_rows in _in_processes(predictions, suspects, processes):
            total.merge(part)
            tell(part_rows)
    return total


def _in_processes(predictions: Predictions, suspects: int, processes: int) -> Iterator[tuple[Tally[Any], int]]:
    """The tallies of parts, and how many rows each has."""
    threads = max(1, torch.get_num_threads() // processes)
    # Spawned: a process that is forked after threads have run may hang.
    with ProcessPoolExecutor(processes, get_context("spawn"), torch.set_num_threads, (threads,)) as pool:
        yield from pool.map(partial(_of_part, suspects=suspects), predictions.parts(processes * PARTS_A_PROCESS))


def _of_part(predictions: Predictions, suspects: int) -> tuple[Tally[Any], int]:
    total = _empty(predictions, suspects)
    rows: list[int] = []
    _add_all(total, predictions, rows.append)
    return total, sum(rows)


def _add_all(total: Tally[Any], predictions: Predictions, tell: Callable[[int], None]) -> None:
    for batch in predictions.batches():
        total.add(batch)
        tell(len(batch))


def _empty(predictions: Predictions, suspects: int) -> Tally[Any]:
    make = MultiLabelTally if predictions.multi_label else SingleLabelTally
    return make(predictions.classes, predictions.kind, suspects, sample_size(predictions))


def sample_size(predictions: Predictions) -> int:
    """How many rows to sample."""
    return max(1, min(SAMPLED_ROWS, SAMPLED_NUMBERS // predictions.classes))
