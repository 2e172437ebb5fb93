"""How fast saved predictions are audited, beside scikit-learn's log loss and torchmetrics' calibration error.

Both read the same file from the page cache, in turns. The rivals are given what they take, probabilities of all rows:
xent reads the file as a stream, and finds everything of ``xent audit`` but what is then fitted to a sample.
"""

import gc
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import torch

from xent.bench.measure import order
from xent.bench.results import Quartiles

CLASSES = (1000, 10)
ROUNDS = 5

# Of the logits, in bytes; the rivals take several times as much.
SIZE = 10**9
SHARE_OF_MEMORY = 1 / 16

# What the rivals need, by the name it is imported by and installed by.
NEEDS = {"sklearn": "scikit-learn>=1.4", "torchmetrics": "torchmetrics>=1.4"}

_ROWS_AT_ONCE_BYTES = 1 << 25
_BINS = 15

# Reads logits and labels from two files, whole.
Reader = Callable[[Path, Path], object]


@dataclass(frozen=True)
class Audited:
    """What was measured with a file.

    Attributes:
        classes: C.
        rows: Rows.
        seconds: Of xent.
        gigabytes: Of float32 logits that xent takes in a second.
        rivals: Seconds of both rivals together; None where they are not installed.
        ratio: Their time over that of xent, round by round.
    """

    classes: int
    rows: int
    seconds: Quartiles
    gigabytes: Quartiles
    rivals: Quartiles | None
    ratio: Quartiles | None


def missing() -> tuple[str, ...]:
    """What is to be installed for the rivals, as pip takes it."""
    return tuple(requirement for name, requirement in NEEDS.items() if find_spec(name) is None)


def fitting_size() -> int:
    """Bytes of logits that the rivals, too, have memory for."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min(SIZE, int(memory * SHARE_OF_MEMORY))


def audits(audit: Reader, size: int | None = None, rounds: int = ROUNDS) -> Iterator[Audited]:
    """Write predictions of one number of classes after the other, and time who reads them.

    Args:
        audit: What xent does with them.
        size: Bytes of the logits.
        rounds: How often everybody has a turn.
    """
    contestants = {"xent": audit} if missing() else {"xent": audit, "rivals": _read_by_rivals}
    for classes in CLASSES:
        with TemporaryDirectory() as folder:
            logits, labels = Path(folder) / "logits.npy", Path(folder) / "labels.npy"
            rows = max(1, (fitting_size() if size is None else size) // (4 * classes))
            _write(logits, labels, rows, classes)
            audit(logits, labels)  # what is loaded or started once is not timed
            times: dict[str, list[float]] = {name: [] for name in contestants}
            for round in range(rounds):
                for name in order(tuple(contestants), round):
                    times[name].append(_seconds(contestants[name], logits, labels))
        yield _result(classes, rows, times)


def _result(classes: int, rows: int, times: dict[str, list[float]]) -> Audited:
    own, others = np.array(times["xent"]), np.array(times.get("rivals", []))
    return Audited(
        classes,
        rows,
        Quartiles.of(own),
        Quartiles.of(4e-9 * classes * rows / own),
        Quartiles.of(others) if len(others) else None,
        Quartiles.of(others / own) if len(others) else None,
    )


def _seconds(read: Reader, logits: Path, labels: Path) -> float:
    gc.collect()
    start = perf_counter()
    read(logits, labels)
    return perf_counter() - start


def _read_by_rivals(logits: Path, labels: Path) -> tuple[float, float]:
    """Log loss and expected calibration error of the softmax."""
    from sklearn.metrics import log_loss
    from torchmetrics.functional.classification import multiclass_calibration_error

    scores, label = torch.from_numpy(np.load(logits)), torch.from_numpy(np.load(labels))
    classes = scores.shape[1]
    p = scores.softmax(1)
    loss = log_loss(label.numpy(), p.numpy(), labels=np.arange(classes))
    return float(loss), float(multiclass_calibration_error(p, label, classes, n_bins=_BINS))


def _write(logits: Path, labels: Path, rows: int, classes: int) -> None:
    """Logits of a model that is right of most rows."""
    generator = np.random.default_rng(0)
    label = generator.integers(0, classes, rows)
    np.save(labels, label)
    scores = np.lib.format.open_memmap(logits, "w+", np.float32, (rows, classes))
    step = max(1, _ROWS_AT_ONCE_BYTES // (4 * classes))
    for first in range(0, rows, step):
        some = generator.standard_normal((min(step, rows - first), classes), dtype=np.float32) * 2
        some[np.arange(len(some)), label[first : first + step]] += 8
        scores[first : first + step] = some
    scores.flush()
