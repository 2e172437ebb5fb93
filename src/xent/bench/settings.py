"""What a benchmark is asked to do."""

from dataclasses import dataclass

from xent.bench.cases import Case, choose
from xent.bench.contestants import RIVALS
from xent.bench.measure import Effort
from xent.bench.memory import MODES
from xent.jobs import InputError

# For each of the four workloads of a case: the fewest rounds, and the seconds to fill.
FULL = Effort(rounds=9, seconds=1.0)
QUICK = Effort(rounds=3, seconds=0.1)


@dataclass(frozen=True)
class Settings:
    """A benchmark, checked at construction.

    Attributes:
        cases: Which cases: see :func:`xent.bench.choose`.
        rivals: Whom to compare with, of "torch" and "compile".
        memory: "mapped", "fresh" or "both".
        rounds: Rounds of each workload; None for as many as fit a time.
        threads: torch's threads; None for torch's default.
        quick: Small cases and few rounds.

    Raises:
        InputError: If a value is outside its domain.
    """

    cases: str = ""
    rivals: tuple[str, ...] = RIVALS
    memory: str = "mapped"
    rounds: int | None = None
    threads: int | None = None
    quick: bool = False

    def __post_init__(self) -> None:
        choose(self.cases, self.quick)
        for rival in self.rivals:
            if rival not in RIVALS:
                raise InputError(f"rivals: '{rival}' is unknown; give torch, compile, both or none")
        if self.memory not in (*MODES, "both"):
            raise InputError(f"memory must be mapped, fresh or both, got '{self.memory}'")
        if self.rounds is not None and self.rounds < 1:
            raise InputError(f"rounds must be at least 1, got {self.rounds}")
        if self.threads is not None and self.threads < 1:
            raise InputError(f"threads must be at least 1, got {self.threads}")

    @property
    def chosen(self) -> tuple[Case, ...]:
        """The cases to measure."""
        return choose(self.cases, self.quick)

    @property
    def modes(self) -> tuple[str, ...]:
        """The memory modes to measure in."""
        return tuple(MODES) if self.memory == "both" else (self.memory,)

    @property
    def effort(self) -> Effort:
        """How long to measure a workload."""
        if self.rounds is not None:
            return Effort(self.rounds, 0.0)
        return QUICK if self.quick else FULL
