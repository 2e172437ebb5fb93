"""``xent compare``: its options and help. What it does is in job.py, imported when it is needed."""

from pathlib import Path
from typing import Annotated

import typer

EPILOG = """
Examples:

- `xent compare`

- `xent compare --losses ce,focal,balanced-softmax --seeds 10`

- `xent compare unicode --losses all --seeds 2`

- `xent compare train.csv --target species --test test.csv --drop id`

- `xent compare genes.parquet --target membrane,nucleus,golgi --model my_models:deep`
"""


def compare(
    data: Annotated[
        str, typer.Argument(help="digits, unicode, yeast, or a file: .csv, .parquet, .npz (features and labels).")
    ] = "digits",
    target: Annotated[
        str,
        typer.Option(
            metavar="COLUMN,...",
            help="Of a file, the column of the class; several columns of 0 and 1 are a question each (multi-label). "
            "Of an npz, the array.",
            show_default=False,
        ),
    ] = "",
    test: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Rows to test on; by default 40% are held out, stratified.")
    ] = None,
    drop: Annotated[
        str, typer.Option(metavar="COLUMN,...", help="Columns of a file that are no features.", show_default=False)
    ] = "",
    model: Annotated[
        str,
        typer.Option(
            help="linear, mlp (one hidden layer), cosine (the same, its last layer normalised), or "
            "package.module:factory, called with the numbers of features and classes."
        ),
    ] = "mlp",
    losses: Annotated[
        str,
        typer.Option(
            metavar="NAME,...",
            help="Losses of `xent losses` (but for distillation, which needs a teacher), post-hoc-adjustment, "
            "deferred-reweighting, cosine-balanced-softmax; or all. By default a handful for the task. The plain loss "
            "(ce, or bce for multi-label) is always among them.",
            show_default=False,
        ),
    ] = "",
    seeds: Annotated[
        int, typer.Option(help="Seeds a loss; each decides the split, the initial weights and the batches.")
    ] = 5,
    epochs: Annotated[
        int | None,
        typer.Option(help="Passes over the training rows; by default 60 of up to 1000 rows, fewer of more."),
    ] = None,
    imbalance: Annotated[
        float | None,
        typer.Option(
            help="Thin balanced classes to a long tail: training rows of the most frequent class for one row of the "
            "rarest. 100 for the digits; none for other data."
        ),
    ] = None,
    out: Annotated[
        Path,
        typer.Option(
            help="Directory for the results, one of its own for each comparison: finished runs in it are taken up, and "
            "runs of other data, another model or another recipe are refused."
        ),
    ] = Path("results/compare"),
) -> None:
    """Which cross entropy should I train with? Train the same model with several losses and show what each buys.

    On your own rows, or on scikit-learn's handwritten digits, made long-tailed (the default); on names of Unicode
    characters, which have a long tail; or on genes of yeast, with several labels a row. Every loss sees the same rows,
    initial weights and batches, seed by seed, so that their differences are paired. The digits take less than a minute
    on two idle cores.

    Into --out go report.html to look at, results.json, results.csv, a plot by class, and the predictions of every run.
    Interrupt it at any time: the same command goes on where it was.
    """
    from xent.cli.job import run

    raise typer.Exit(
        run(
            data,
            target=target,
            test=test,
            drop=drop,
            model=model,
            losses=losses,
            seeds=seeds,
            epochs=epochs,
            imbalance=imbalance,
            out=out,
        )
    )
