"""``xent lint``: its options and help. What it does is in lint_job.py, imported when it is needed."""

from pathlib import Path
from typing import Annotated

import typer

from xent.cli.predictions import FILES_HELP, Counts, Ignore, Kind, Labels, Scores, Select, Target

EPILOG = """
Examples:

- `xent lint predictions.npz`

- `xent lint scores.npy --labels labels.npy --kind logits --select XE2`

- `xent lint --rules`

- `xent lint --explain XE101`

Exit status: 0, nothing of severity error was found; 1, something was; 2, the input cannot be used.
"""


def lint(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="PREDICTIONS", help=FILES_HELP, show_default=False)
    ] = None,
    scores: Scores = "",
    target: Target = "",
    labels: Labels = None,
    kind: Kind = "",
    counts: Counts = "",
    select: Select = "",
    ignore: Ignore = "",
    rules: Annotated[bool, typer.Option("--rules", help="List the rules.")] = False,
    explain: Annotated[
        str, typer.Option(metavar="CODE", help="What a rule finds, why it matters, how to mend it.", show_default=False)
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Findings, or rules, as JSON.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Rules as a page of documentation.")] = False,
) -> None:
    """Is cross entropy misused here? Look for known mistakes in saved predictions and their labels.

    Of the mistakes that leave a trace in predictions. The others are found in code, where the loss is called:
    `xent.lint(logits, target, loss=criterion)`, or during training, `with xent.watch(criterion):`.
    """
    from xent.cli.lint_job import explain_rules, run

    if rules or explain or as_markdown:
        raise typer.Exit(explain_rules(explain, select, ignore, as_json=as_json, as_markdown=as_markdown))
    raise typer.Exit(
        run(
            files or [],
            scores=scores,
            target=target,
            labels=labels,
            kind=kind,
            counts=counts,
            select=select,
            ignore=ignore,
            as_json=as_json,
        )
    )
