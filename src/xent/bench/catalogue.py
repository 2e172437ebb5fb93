"""What a named loss costs beside the plain loss of its link: forward and backward, both by xent, taking turns."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xent.bench.contestants import Contestant
from xent.bench.measure import Effort, interleave
from xent.bench.results import Quartiles
from xent.bench.workloads import FORWARD_BACKWARD, Data
from xent.catalog import ROWS, Row

SHAPE = (4096, 1000)
EFFORT = Effort(rounds=9, seconds=0.4)

# How many times as long as the plain loss a named loss may take.
MOST = 1.1

# The row of the plain loss of a link.
PLAIN = {"softmax": "ce", "sigmoid": "bce"}


@dataclass(frozen=True)
class Cost:
    """What a named loss costs.

    Attributes:
        name: The loss.
        plain: The plain loss of its link.
        seconds: Of a forward and a backward.
        ratio: Its time over that of the plain loss, round by round.
    """

    name: str
    plain: str
    seconds: Quartiles
    ratio: Quartiles


def costs(shape: tuple[int, int] = SHAPE, effort: Effort = EFFORT, rows: Sequence[Row] | None = None) -> Iterator[Cost]:
    """Time one loss after the other, each with its plain loss, in float32.

    Args:
        shape: Rows and classes.
        effort: How long to measure a loss.
        rows: Which losses; all of the catalogue unless given.
    """
    torch.manual_seed(0)
    counts = torch.randint(1, 1000, shape[1:])
    input = torch.randn(shape).requires_grad_()
    targets = {
        "softmax": torch.randint(shape[1], shape[:1]),
        "sigmoid": torch.randint(2, shape).float(),
        "teacher": torch.randn(shape),
    }

    def call(row: Row) -> Callable[[], object]:
        target = targets["teacher" if row.target == "teacher" else row.link]
        return FORWARD_BACKWARD.of(_contestant(row, counts), Data(input, target, torch.ones(())))

    for row in ROWS.values() if rows is None else rows:
        plain = ROWS[PLAIN[row.link]]
        times = interleave({each.name: call(each) for each in (row, plain)}, effort)
        seconds = {name: np.array(one.seconds) for name, one in times.items()}
        ratio = Quartiles.of(seconds[row.name] / seconds[plain.name])
        yield Cost(row.name, plain.name, Quartiles.of(seconds[row.name]), ratio)


def _contestant(row: Row, counts: Tensor) -> Contestant:
    def bound(**settings: Any) -> torch.nn.Module:
        return row.module(**row.settings(counts), **settings)

    return Contestant(bound(), bound(reduction="none"))
