"""What a rule has found, and how bad it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Severity(Enum):
    """How bad a finding is.

    ``XENT_STRICT=1`` turns errors into exceptions, and the exit status of ``xent lint`` is 1 if there is one.
    """

    ERROR = "error"  # the loss, its gradient or a number read off it is not what it is taken for
    WARNING = "warning"  # it works, and probably not as it is meant to
    INFO = "info"  # harmless, or a consequence worth knowing

    @property
    def order(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


@dataclass(frozen=True)
class Evidence:
    """What a rule has seen.

    Attributes:
        seen: One or two sentences with the numbers, without a full stop at their end.
        numbers: The numbers by name, for programs.
        probable: Whether another explanation is left; the finding then says "probably".
        severity: Where it is not the rule's own.
    """

    seen: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    probable: bool = False
    severity: Severity | None = None


@dataclass(frozen=True)
class Finding:
    """A mistake that was found.

    Attributes:
        code: Of the rule, such as XE101.
        name: Of the rule, in words.
        severity: How bad it is.
        seen: What was seen, with its numbers.
        why: Why it matters, in a sentence.
        fix: Code that does it right.
        probable: Whether another explanation is left.
        numbers: What was seen, for programs.
    """

    code: str
    name: str
    severity: Severity
    seen: str
    why: str
    fix: str
    probable: bool = False
    numbers: Mapping[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        probably = "probably: " if self.probable else ""
        return f"{self.code} {self.severity.value} {self.name}: {probably}{self.seen}. {self.why}"

    def as_json(self) -> dict[str, Any]:
        """Everything as numbers, strings and dictionaries."""
        return {**vars(self), "severity": self.severity.value, "numbers": dict(self.numbers)}


class Findings(tuple[Finding, ...]):
    """Findings, the worst first. It is empty, and false, if nothing was found; printed, it lists them.

    Example:
        >>> import torch, xent
        >>> bool(xent.lint(torch.zeros(4, 3), torch.tensor([0, 1, 2, 1])))
        False
    """

    __slots__ = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the rules, in the order of the findings."""
        return tuple(finding.code for finding in self)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Those of severity error."""
        return tuple(finding for finding in self if finding.severity is Severity.ERROR)

    def __str__(self) -> str:
        return "\n".join(map(str, self)) if self else "nothing found"

    def __repr__(self) -> str:
        return f"Findings({', '.join(self.codes)})"


def worst_first(found: Iterable[Finding]) -> Findings:
    """Findings in their order: errors first, then by code."""
    return Findings(sorted(found, key=lambda finding: (finding.severity.order, finding.code)))


class LintError(ValueError):
    """Findings of severity error, where XENT_STRICT=1 asks for an exception.

    Attributes:
        findings: All of them.

    Example:
        >>> import torch, xent
        >>> found = xent.lint(torch.eye(4).softmax(dim=1), torch.arange(4))
        >>> error = xent.LintError(found)  # what lint itself raises under XENT_STRICT=1
        >>> error.findings.codes
        ('XE101',)
    """

    def __init__(self, findings: Findings) -> None:
        super().__init__("\n".join(str(finding) for finding in findings.errors))
        self.findings = findings
