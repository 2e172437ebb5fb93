"""How predictions are named on the command line: options that ``xent audit`` and ``xent lint`` share."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from xent.predictions import Predictions

FILES_HELP = "A file, several, or a directory: .npz, .npy, .csv, .tsv, .jsonl, .parquet, .safetensors, .pt."

Scores = Annotated[
    str,
    typer.Option(
        metavar="NAME,...",
        help="The array, key or column of the scores, (N, C); several columns, or a pattern such as 'logit_*'. "
        "Found by its name unless given.",
        show_default=False,
    ),
]
Target = Annotated[
    str,
    typer.Option(
        metavar="NAME,...",
        help="Of the labels, (N,), numbers or words; or of the indicators, (N, C). Found by its name unless given.",
        show_default=False,
    ),
]
Labels = Annotated[list[Path] | None, typer.Option(metavar="FILE", help="The labels, if they are in another file.")]
Kind = Annotated[
    str,
    typer.Option(
        help="What the scores are: logits, probabilities or log-probabilities. Told by name and values unless given.",
        show_default=False,
    ),
]
Counts = Annotated[
    str,
    typer.Option(
        metavar="NAME|FILE",
        help="Training rows of every class: an array of the file, or an .npy or .json file. They say which prior the "
        "model has learned.",
        show_default=False,
    ),
]
Select = Annotated[
    str, typer.Option(metavar="CODE,...", help="Rules of the linter, or how they begin: XE7.", show_default=False)
]
Ignore = Annotated[
    str, typer.Option(metavar="CODE,...", help="Rules to leave out, or how they begin.", show_default=False)
]


def names(given: str) -> tuple[str, ...]:
    """What stands between commas."""
    return tuple(name.strip() for name in given.split(",")) if given else ()


def open_given(
    paths: Sequence[Path], *, scores: str, target: str, labels: Sequence[Path] | None, kind: str, counts: str
) -> "Predictions":
    """The predictions that the options name; what is empty was not given.

    Raises:
        InputError: They cannot be opened.
    """
    from xent.predictions import open_predictions

    return open_predictions(
        paths,
        scores=names(scores) or None,
        target=names(target) or None,
        labels=labels or None,
        kind=kind or None,
        counts=counts or None,
    )
