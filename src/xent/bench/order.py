"""What a worker is asked to measure, and how that crosses from one process to the other."""

import json
from dataclasses import asdict, dataclass

from xent.bench.cases import Case
from xent.bench.measure import Effort


@dataclass(frozen=True)
class Order:
    """What to measure."""

    case: Case
    memory: str
    rivals: tuple[str, ...]
    effort: Effort
    threads: int | None

    def to_json(self) -> str:
        """For :meth:`from_json` in the worker."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Order":
        """The inverse of :meth:`to_json`."""
        content = json.loads(text)
        case = content["case"]
        return cls(
            case=Case(case["loss"], case["dtype"], tuple(case["shape"])),
            memory=content["memory"],
            rivals=tuple(content["rivals"]),
            effort=Effort(**content["effort"]),
            threads=content["threads"],
        )
