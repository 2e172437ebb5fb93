"""What a file says, or somebody, about the classes: how many training rows each had, and its name."""

import json
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from xent.jobs import InputError
from xent.predictions.formats import Source, Texts, Values, open_file
from xent.predictions.formats.arrays import ArrayFile
from xent.predictions.formats.errors import reading

Counts: TypeAlias = Tensor | np.ndarray | Sequence[float] | str | PathLike[str]

COUNTS = ("counts", "class_counts", "train_counts", "training_counts")
NAMES = ("class_names", "names", "classes", "label_names")
ROWS = ("training_rows",)


def counts_of(counts: Counts | None, source: Source, classes: int) -> Tensor | None:
    """Training rows of every class, (C,) float64.

    Args:
        counts: The numbers, the name of an array in the file, or a file: npy, or json with a list. None for what the
            file calls counts.
        source: The file of the scores.
        classes: C.

    Raises:
        InputError: They are not one number, from 0 on, a class.
    """
    if counts is None:
        values = next((found for name in COUNTS if (found := array_in(source, name, classes)) is not None), None)
        return None if not isinstance(values, Tensor) else _checked(values, classes)
    if isinstance(counts, (str, PathLike)):
        return _checked(_from_name(str(counts), source, classes), classes)
    try:
        return _checked(torch.as_tensor(counts), classes)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"counts: must be {classes} numbers, one a class: {error}") from error


def names_of(source: Source, classes: int) -> tuple[str, ...] | None:
    """The names of the classes, if an array of the file holds them."""
    for name in NAMES:
        found = array_in(source, name, classes)
        if isinstance(found, Texts):
            names = tuple(found.words[code] for code in found.codes.tolist())
            return names if len(set(names)) == classes else None
    return None


def training_rows_of(source: Source) -> int | None:
    """How many rows were trained on, if the file says so."""
    found = next((found for name in ROWS if (found := array_in(source, name, 1)) is not None), None)
    if not isinstance(found, Tensor) or found.is_floating_point():
        return None
    return int(found.item()) or None


def array_in(source: Source, name: str, length: int) -> Values | None:
    """A short array of a file that holds arrays, or None if it has none of this name and length."""
    fitting = (field for field in source.fields if (field.name, field.shape, field.rows) == (name, (), length))
    field = next(fitting, None)
    if field is None or field.kind == "other" or not isinstance(source, ArrayFile):
        return None
    return next(source.read([(name,)], 0, None, max(1, length)))[0]


def _from_name(name: str, source: Source, classes: int) -> Tensor:
    found = array_in(source, name, classes)
    if found is None:
        path = Path(name)
        if not path.is_file():
            raise InputError(f"counts: {name!r} is neither a file nor an array of {classes} numbers in {source.path}")
        if path.suffix.lower() == ".json":
            return _from_json(path)
        held = open_file(path)
        found = array_in(held, held.fields[0].name, classes)
    if not isinstance(found, Tensor):
        raise InputError(f"counts: {name} must hold {classes} numbers, one a class: an npy of them, or a json list")
    return found


def _from_json(path: Path) -> Tensor:
    with reading(str(path), ValueError, TypeError, RuntimeError, RecursionError, OverflowError):
        content: Any = json.loads(path.read_bytes())
        return torch.tensor(list(content.values()) if isinstance(content, dict) else content, dtype=torch.float64)


def _checked(counts: Tensor, classes: int) -> Tensor:
    values = counts.detach().to("cpu", torch.float64)
    if values.shape != (classes,):
        raise InputError(f"counts: must be one number for each of {classes} classes, got {tuple(values.shape)}")
    if not bool((values >= 0).all() & values.isfinite().all()):
        raise InputError("counts: must be numbers of training rows, from 0 on")
    return values.clone()
