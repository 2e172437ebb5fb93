"""Paths as somebody gives them -> files of scores, each with its file of labels if there is one."""

import re
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TypeAlias

from xent.jobs import InputError
from xent.predictions.formats import FORMATS, format_of
from xent.predictions.guess import SCORES, TARGET, is_name_of

Paths: TypeAlias = str | PathLike[str] | Sequence[str | PathLike[str]]

Pair: TypeAlias = tuple[Path, Path | None]


def pairs_of(paths: Paths, labels: Paths | None) -> list[Pair]:
    """Each file of scores, and the file of its labels or None where it holds them itself.

    Raises:
        InputError: A path is not there, a directory has no files of predictions or files of several formats, or files
            of scores and labels do not match in number.
    """
    files = _files("file", paths)
    formats = sorted({format_of(path) for path in files})
    if len(formats) > 1:
        raise InputError(
            f"file: files of {' and '.join(formats)} together cannot be told apart: give those of one kind"
        )
    if labels is not None:
        return _matched(files, _files("labels", labels))
    return _matched(*_divided(files)) if formats == ["npy"] else [(path, None) for path in files]


def _files(argument: str, paths: Paths) -> list[Path]:
    given = [paths] if isinstance(paths, (str, PathLike)) else list(paths)
    if not given:
        raise InputError(f"{argument}: no file is given: give a file or a directory of predictions")
    files = [file for path in given for file in _expanded(argument, Path(path))]
    if repeated := next((str(path) for path in files if files.count(path) > 1), None) if len(files) < 1000 else None:
        raise InputError(f"{argument}: {repeated} is given twice: every row would count twice")
    return files


def _expanded(argument: str, path: Path) -> list[Path]:
    try:
        if not path.is_dir():
            if not path.exists():
                raise InputError(f"{argument}: {path} is not there")
            format_of(path)
            return [path]
        inside = [file for file in path.iterdir() if file.suffix.lower() in FORMATS and not file.name.startswith(".")]
        files = sorted((file for file in inside if file.is_file()), key=_natural)
    except InputError:
        raise
    except (OSError, ValueError) as error:
        raise InputError(f"{argument}: {path} cannot be read: {error}") from error
    if not files:
        raise InputError(f"{argument}: {path} has no file of predictions: none whose name ends in {', '.join(FORMATS)}")
    return files


def _divided(files: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Files of npy, which hold one array each: of scores, and of labels by their name."""
    labels = [path for path in files if is_name_of(TARGET, path.stem) and not is_name_of(tuple(SCORES), path.stem)]
    scores = [path for path in files if path not in labels]
    if len(files) == 2 and len(labels) != 1:
        raise InputError(f"labels: which of {files[0].name} and {files[1].name} holds labels? Give it as labels")
    if not labels or not scores:
        what = "labels" if scores else "scores"
        raise InputError(f"labels: an npy file holds one array, and none of {_listed(files)} is of {what}: give them")
    return scores, labels


def _matched(scores: Sequence[Path], labels: Sequence[Path]) -> list[Pair]:
    if len(scores) != len(labels):
        raise InputError(
            f"labels: {len(scores)} files of scores ({_listed(scores)}) and {len(labels)} of labels "
            f"({_listed(labels)}): give one for each"
        )
    return list(zip(scores, labels, strict=True))


def _listed(files: Sequence[Path]) -> str:
    return ", ".join(path.name for path in files[:4]) + (", ..." if len(files) > 4 else "")


def _natural(path: Path) -> list[tuple[int, str]]:
    """Such that part-10 comes after part-9."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", path.name)]
