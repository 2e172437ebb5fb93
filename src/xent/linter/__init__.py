"""A linter for losses: rules with codes, each of which looks at one call and says what it has seen."""

from xent.linter.call import Call, Kind, Loss
from xent.linter.finding import Evidence, Finding, Findings, LintError, Severity
from xent.linter.linting import judge, lint
from xent.linter.rule import RULES, Rule
from xent.linter.selection import choose

__all__ = [
    "RULES",
    "Call",
    "Evidence",
    "Finding",
    "Findings",
    "Kind",
    "LintError",
    "Loss",
    "Rule",
    "Severity",
    "choose",
    "judge",
    "lint",
]
