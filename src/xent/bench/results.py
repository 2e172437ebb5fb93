"""From times to findings: medians and quartiles, of times and of the ratios of neighbours."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from xent.bench.cases import Case
from xent.bench.contestants import XENT
from xent.bench.measure import Times


@dataclass(frozen=True)
class Quartiles:
    """The median, and the quartiles below and above it."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float] | np.ndarray) -> "Quartiles":
        """Of one value a round; between two values linear."""
        low, median, high = np.quantile(np.asarray(values, dtype=float), (0.25, 0.5, 0.75))
        return cls(float(low), float(median), float(high))


@dataclass(frozen=True)
class Measurement:
    """What was measured of a case in one memory mode.

    Attributes:
        case: Loss, dtype and shape.
        memory: "mapped" or "fresh".
        times: By workload and contestant.
        peak_bytes: By workload and contestant: memory at the peak beyond input and target and, where there is a
            backward, beyond the gradient; None where the system does not tell.
        differences: By contestant: errors of loss and gradient, and whether they are tolerable; see agreement.py.
        fastest_read: Which function the floor "read" is.
        machine: What it was measured on.
    """

    case: Case
    memory: str
    times: Mapping[str, Mapping[str, Times]]
    peak_bytes: Mapping[str, Mapping[str, int | None]]
    differences: Mapping[str, Mapping[str, float | bool | None]]
    fastest_read: str
    machine: Mapping[str, str | int]

    def seconds(self, workload: str, contestant: str) -> Quartiles:
        """Seconds a call."""
        return Quartiles.of(self.times[workload][contestant].seconds)

    def ratio(self, workload: str, contestant: str) -> Quartiles:
        """The contestant's time over xent's, taken round by round: above 1, xent is faster."""
        others = np.array(self.times[workload][contestant].seconds)
        return Quartiles.of(others / np.array(self.times[workload][XENT].seconds))

    def contestants(self) -> tuple[str, ...]:
        """Everyone that was timed, xent first."""
        return tuple(next(iter(self.times.values())))

    def rounds(self, workload: str) -> int:
        """Number of rounds."""
        return len(self.times[workload][XENT].seconds)

    def wrong(self) -> tuple[str, ...]:
        """The contestants whose result is wrong; never xent, which then has no times."""
        return tuple(name for name, difference in self.differences.items() if not difference["tolerable"])

    def to_json(self) -> dict[str, Any]:
        """JSON values, from which :meth:`from_json` makes the same again."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Measurement":
        """The inverse of :meth:`to_json`."""
        case = content["case"]
        times = {
            workload: {name: Times(tuple(times["seconds"]), times["page_faults"]) for name, times in by_name.items()}
            for workload, by_name in content["times"].items()
        }
        return cls(
            **{
                **content,
                "case": Case(case["loss"], case["dtype"], tuple(case["shape"])),
                "times": times,
            }
        )


@dataclass(frozen=True)
class Failure:
    """A case that could not be measured, and why, in one line."""

    case: Case
    memory: str
    reason: str
