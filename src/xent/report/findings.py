"""Findings of the linter on the terminal."""

from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.syntax import Syntax
from rich.text import Text

from xent.linter import Finding, Findings, Severity

STYLE = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold cyan"}


def print_findings(console: Console, findings: Findings) -> None:
    """Print each finding with its reason and its fix, or that there is none."""
    if not findings:
        console.print(Text("No misuse found.", style="green"))
        return
    for finding in findings:
        for block in _blocks(finding):
            console.print(block)


def _blocks(finding: Finding) -> Iterator[RenderableType]:
    style = STYLE[finding.severity]
    seen = f"probably: {finding.seen}" if finding.probable else finding.seen
    yield Text.assemble((f"{finding.code} {finding.severity.value}", style), f" {finding.name}: {seen}.")
    yield Padding(Text(finding.why, style="dim"), (0, 0, 0, 4))
    yield Padding(Syntax(finding.fix, "python", background_color="default"), (0, 0, 1, 4))
