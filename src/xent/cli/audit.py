"""``xent audit``: its options and help. What it does is in audit_job.py, imported when it is needed."""

from pathlib import Path
from typing import Annotated

import typer

EPILOG = """
Examples:

- `xent audit predictions.npz`

- `xent audit results/compare/runs/ce-seed0.npz --out results/audit`

- `xent audit scores.npy --labels labels.npy --counts counts.npy`

- `xent audit shards/ --scores 'logit_*' --target label --processes 8`

Exit status: 0, nothing of severity error was found; 1, something was; 2, the input cannot be used.
"""


def audit(
    predictions: Annotated[
        list[Path],
        typer.Argument(
            metavar="PREDICTIONS...",
            help="A file, several, or a directory: .npz, .npy, .csv, .tsv, .jsonl, .parquet, .safetensors, .pt.",
            show_default=False,
        ),
    ],
    scores: Annotated[
        str,
        typer.Option(
            metavar="NAME,...",
            help="The array, key or column of the scores, (N, C); several columns, or a pattern such as 'logit_*'. "
            "Found by its name unless given.",
            show_default=False,
        ),
    ] = "",
    target: Annotated[
        str,
        typer.Option(
            metavar="NAME,...",
            help="Of the labels, (N,), numbers or words; or of the indicators, (N, C). Found by its name unless given.",
            show_default=False,
        ),
    ] = "",
    labels: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="The labels, if they are in another file.")
    ] = None,
    kind: Annotated[
        str,
        typer.Option(
            help="What the scores are: logits, probabilities or log-probabilities. Told by name and values unless "
            "given.",
            show_default=False,
        ),
    ] = "",
    counts: Annotated[
        str,
        typer.Option(
            metavar="NAME|FILE",
            help="Training rows of every class: an array of the file, or an .npy or .json file. With them the audit "
            "knows which prior the model has learned.",
            show_default=False,
        ),
    ] = "",
    suspects: Annotated[int, typer.Option(min=1, help="How many doubted labels to list in suspects.csv.")] = 1000,
    processes: Annotated[
        int | None,
        typer.Option(min=1, help="Processes that read. By default one, or one a core for large files."),
    ] = None,
    select: Annotated[
        str, typer.Option(metavar="CODE,...", help="Rules of the linter, or how they begin: XE7.", show_default=False)
    ] = "",
    ignore: Annotated[
        str, typer.Option(metavar="CODE,...", help="Rules to leave out, or how they begin.", show_default=False)
    ] = "",
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
            predictions,
            scores=scores,
            target=target,
            labels=labels or [],
            kind=kind,
            counts=counts,
            suspects=suspects,
            processes=processes,
            select=select,
            ignore=ignore,
            out=out,
        )
    )
