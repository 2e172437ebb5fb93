"""A rule of the linter: one function, and what a person should know about the mistake."""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from textwrap import dedent
from typing import Any

from xent.linter.call import Loss
from xent.linter.finding import Evidence, Finding, Severity

# Looks at a Call; the rules that a watch asks look at what it has seen of a loss over time.
Check = Callable[[Any], Evidence | None]


@dataclass(frozen=True)
class Rule:
    """A mistake, and how it is told.

    Attributes:
        code: Such as XE101.
        name: In words, such as "softmax-before-cross-entropy".
        severity: How bad a finding is, unless the evidence says otherwise.
        losses: To which losses it may happen.
        summary: What the mistake is, in a sentence.
        why: Why it matters, in Markdown; its first sentence goes with every finding.
        told_by: What the rule looks at, in Markdown.
        fix: Code that does it right.
        check: Looks at a call, or at what was seen of a loss over time.
        over_time: Whether one call cannot show the mistake: such rules are asked while a training is watched.
    """

    code: str
    name: str
    severity: Severity
    losses: frozenset[Loss]
    summary: str
    why: str
    told_by: str
    fix: str
    check: Check
    over_time: bool = False

    def apply(self, seen: Any) -> Finding | None:
        """The finding, if the call (or the loss over time) makes the mistake."""
        if seen.loss not in self.losses:
            return None
        evidence = self.check(seen)
        if evidence is None:
            return None
        return Finding(
            code=self.code,
            name=self.name,
            severity=evidence.severity or self.severity,
            seen=evidence.seen,
            why=first_sentence(self.why),
            fix=self.fix,
            probable=evidence.probable,
            numbers=evidence.numbers,
        )


RULES: dict[str, Rule] = {}


def rule(
    code: str, name: str, severity: Severity, losses: tuple[Loss, ...], fix: str, over_time: bool = False
) -> Callable[[Check], Check]:
    """Make a rule of a function, and put it in the register.

    The function's docstring is the rule's documentation: a summary, then the sections "Why:" and "Told by:".

    Args:
        code: Such as XE101: the hundred is the subject, see docs/lint.md.
        name: In words that say the mistake.
        severity: How bad a finding is.
        losses: To which losses it may happen.
        fix: Code that does it right.
        over_time: Whether the function looks at what was seen of a loss over time, not at a call.

    Raises:
        ValueError: Another rule has the code.
    """

    def register(check: Check) -> Check:
        if code in RULES and RULES[code].name != name:
            raise ValueError(f"{code} is {RULES[code].name} already: {name} needs a code of its own.")
        summary, why, told_by = _sections(inspect.getdoc(check) or "")
        RULES[code] = Rule(
            code, name, severity, frozenset(losses), summary, why, told_by, dedent(fix).strip("\n"), check, over_time
        )
        return check

    return register


def first_sentence(text: str) -> str:
    """The first sentence of a paragraph, on one line."""
    return re.split(r"(?<=[.])\s", " ".join(text.split()), maxsplit=1)[0]


def _sections(doc: str) -> tuple[str, str, str]:
    """Summary, "Why:" and "Told by:" of a docstring."""
    summary, why, told_by = re.split(r"^(?:Why|Told by):$", doc, flags=re.MULTILINE)
    return " ".join(summary.split()), dedent(why).strip(), dedent(told_by).strip()
