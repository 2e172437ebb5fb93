"""The formats of files of predictions, one a file."""

from collections.abc import Callable
from pathlib import Path

from xent.jobs import InputError
from xent.predictions.formats.csv import open_csv
from xent.predictions.formats.jsonl import open_jsonl
from xent.predictions.formats.npy import open_npy
from xent.predictions.formats.npz import open_npz
from xent.predictions.formats.parquet import open_parquet
from xent.predictions.formats.safetensors import open_safetensors
from xent.predictions.formats.source import Field, Source, Texts, Values
from xent.predictions.formats.torch_file import open_torch

__all__ = ["FORMATS", "Field", "Source", "Texts", "Values", "format_of", "open_file"]

# The endings of files' names, and what the formats are called.
FORMATS = {
    ".npz": "npz",
    ".npy": "npy",
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".safetensors": "safetensors",
    ".pt": "torch",
    ".pth": "torch",
}

_OPEN: dict[str, Callable[[str], Source]] = {
    "npz": open_npz,
    "npy": lambda path: open_npy(path, Path(path).stem),
    "csv": open_csv,
    "jsonl": open_jsonl,
    "parquet": open_parquet,
    "safetensors": open_safetensors,
    "torch": open_torch,
}


def format_of(path: Path) -> str:
    """What the ending of a file's name says.

    Raises:
        InputError: It says nothing that is known.
    """
    known = FORMATS.get(path.suffix.lower())
    if known is None:
        raise InputError(f"{path} is of no kind that can be read: its name ends in none of {', '.join(FORMATS)}")
    return known


def open_file(path: Path) -> Source:
    """Read what a file's header says.

    Raises:
        InputError: The file cannot be read.
    """
    return _OPEN[format_of(path)](str(path))
