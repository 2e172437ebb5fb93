"""A linter for losses: rules with codes, each of which looks at one call and says what it has seen."""

from xent.linter.call import Call, Kind, Loss
from xent.linter.finding import Evidence, Finding, Findings, LintError, Severity, worst_first
from xent.linter.linting import call_of, count_tensor, judge, lint
from xent.linter.rule import RULES, Rule
from xent.linter.selection import choose
from xent.linter.strict import raise_errors

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
    "call_of",
    "choose",
    "count_tensor",
    "judge",
    "lint",
    "raise_errors",
    "worst_first",
]
