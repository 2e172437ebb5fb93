"""The linter's rules as a page of documentation."""

from collections.abc import Sequence

from xent.linter import Rule
from xent.report.rules_words import SUBJECTS, losses_of, subject_of

HEAD = """# Rules

What the linter finds, rule by rule; [lint.md](lint.md) says how to ask it. Written by `xent lint --markdown`.
"""


def page(rules: Sequence[Rule]) -> str:
    """All rules, by subject."""
    parts = [HEAD]
    for subject, title in SUBJECTS.items():
        chosen = [rule for rule in rules if subject_of(rule) == subject]
        if chosen:
            parts.append(f"## {title}\n")
            parts.extend(section(rule) for rule in chosen)
    return "\n".join(parts)


def section(rule: Rule) -> str:
    """One rule."""
    return f"""### {rule.code} {rule.name}

{rule.summary} *{rule.severity.value.capitalize()}, in calls of {losses_of(rule)}.*

{rule.why}

**How it is told.** {rule.told_by}

```py
{rule.fix}
```
"""
