"""The linter's rules on the terminal: a list, and one in detail."""

from collections.abc import Sequence

from rich.console import Console
from rich.markdown import Markdown
from rich.padding import Padding
from rich.syntax import Syntax
from rich.text import Text

from xent.linter import Rule
from xent.report.findings import STYLE
from xent.report.rules_words import SUBJECTS, losses_of, subject_of
from xent.report.table import titled_table

INDENT = (0, 0, 0, 4)


def print_rules(console: Console, rules: Sequence[Rule]) -> None:
    """Print one line a rule, by subject."""
    for subject, title in SUBJECTS.items():
        chosen = [rule for rule in rules if subject_of(rule) == subject]
        if not chosen:
            continue
        table = titled_table(title)
        table.add_column("code", no_wrap=True)
        table.add_column("", no_wrap=True)
        table.add_column("what it finds")
        for rule in chosen:
            table.add_row(rule.code, Text(rule.severity.value, style=STYLE[rule.severity]), rule.summary)
        console.print(table)
        console.print()
    console.print(Text("In detail: xent lint --explain CODE", style="dim"))


def print_rule(console: Console, rule: Rule) -> None:
    """Print everything that is known of a rule."""
    console.print(Text.assemble((rule.code, "bold"), f" {rule.name}  ", (rule.severity.value, STYLE[rule.severity])))
    console.print()
    console.print(Text(rule.summary, style="bold"))
    for title, body in (
        ("Why it matters", Markdown(rule.why)),
        ("How it is told", Markdown(rule.told_by)),
        ("How to mend it", Syntax(rule.fix, "python", background_color="default")),
        ("In calls of", Text(losses_of(rule))),
    ):
        console.print()
        console.print(Text(title, style="bold"))
        console.print(Padding(body, INDENT))
