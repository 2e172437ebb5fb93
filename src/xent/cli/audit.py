"""``xent audit``: its options and help. What it does is in audit_job.py, imported when it is needed."""

from pathlib import Path
from typing import Annotated

import typer

from xent.cli.predictions import FILES_HELP, Counts, Ignore, Kind, Labels, Scores, Select, Target

EPILOG = """
Examples:

- `xent audit predictions.npz`

- `xent audit results/compare/runs/ce-seed0.npz --out results/audit`

- `xent audit scores.npy --labels labels.npy --counts counts.npy`

- `xent audit shards/ --scores 'logit_*' --target label --processes 8`

Exit status: 0, nothing of severity error was found; 1, something was; 2, the input cannot be used.
"""


def audit(
    files: Annotated[list[Path], typer.Argument(metavar="PREDICTIONS", help=FILES_HELP, show_default=False)],
    scores: Scores = "",
    target: Target = "",
    labels: Labels = None,
    kind: Kind = "",
    counts: Counts = "",
    suspects: Annotated[int, typer.Option(min=1, help="How many doubted labels to list in suspects.csv.")] = 1000,
    processes: Annotated[
        int | None,
        typer.Option(min=1, help="Processes that read. One; of several large csv or jsonl files, one a core."),
    ] = None,
    select: Select = "",
    ignore: Ignore = "",
    out: Annotated[Path, typer.Option(help="Directory for the results.")] = Path("results/audit"),
) -> None:
    """What does cross entropy say of my model? Audit its predictions, from scores and labels alone.

    Is the loss misused? How far is it from knowing nothing, and what is it made of: refinement, a wrong class prior, a
    wrong temperature? Which classes have the loss, which the gradient? Is the training prior still inside, and what
    would taking it out give? Which labels are most likely wrong?

    Files are read once, in bounded memory. Into --out go report.html to look at, results.json and suspects.csv.
    """
    from xent.cli.audit_job import run

    raise typer.Exit(
        run(
            files,
            scores=scores,
            target=target,
            labels=labels,
            kind=kind,
            counts=counts,
            suspects=suspects,
            processes=processes,
            select=select,
            ignore=ignore,
            out=out,
        )
    )
