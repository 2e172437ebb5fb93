"""``xent compare``: its options and help. What it does is in job.py, imported when it is needed."""

from pathlib import Path
from typing import Annotated

import typer

EPILOG = """
Examples:

- `xent compare`

- `xent compare --losses ce,focal,balanced-softmax --seeds 10`

- `xent compare --imbalance 20 --out results/imbalance-20`
"""


def compare(
    losses: Annotated[
        str,
        typer.Option(
            metavar="NAME,NAME,...",
            help="Losses to compare: ce, weighted, effective-number, label-smoothing, focal, balanced-softmax, "
            "post-hoc-adjustment; or all. Plain cross entropy (ce) is always among them.",
        ),
    ] = "all",
    seeds: Annotated[
        int, typer.Option(help="Seeds a loss; each decides the split, the initial weights and the batches.")
    ] = 5,
    epochs: Annotated[int, typer.Option(help="Passes over the training rows.")] = 60,
    imbalance: Annotated[
        float, typer.Option(help="Training rows of the most frequent class, for one row of the rarest.")
    ] = 100.0,
    out: Annotated[Path, typer.Option(help="Directory for the results; finished runs in it are taken up.")] = Path(
        "results/compare"
    ),
) -> None:
    """Which cross entropy should I train with? Train the same model with several losses and show what each buys.

    Data: scikit-learn's handwritten digits, made long-tailed. Every loss sees the same rows, initial weights and
    batches, seed by seed, so that their differences are paired. The whole takes less than a minute on two idle cores.

    Into --out go results.json, results.csv, recall.png and .svg, and the predictions of every run. Interrupt it
    at any time: the same command goes on where it was.
    """
    from xent.cli.job import run

    raise typer.Exit(run(losses, seeds=seeds, epochs=epochs, imbalance=imbalance, out=out))
