"""Files of predictions, or tensors, opened: what they hold is found out, and checked to fit together."""

import warnings
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from xent.jobs import InputError
from xent.predictions.collect import Pair, Paths, pairs_of
from xent.predictions.counts import Counts, counts_of, names_of, training_rows_of
from xent.predictions.formats import Source, Values, open_file
from xent.predictions.formats.arrays import MOST_CLASSES, values_of
from xent.predictions.formats.memory import open_memory
from xent.predictions.guess import Found, Kind, kind_by_name, named, scores_of, target_of
from xent.predictions.kind import checked_kind
from xent.predictions.labels import Labels, words_in
from xent.predictions.piece import Piece
from xent.predictions.predictions import BATCH_BYTES, Predictions
from xent.predictions.sampling import itemsize_of, kind_by_values

Names: TypeAlias = str | Sequence[str]


def open_predictions(
    paths: Paths,
    *,
    scores: Names | None = None,
    target: Names | None = None,
    kind: str | None = None,
    labels: Paths | None = None,
    counts: Counts | None = None,
) -> Predictions:
    """Open saved predictions.

    Args:
        paths: A file, several, or a directory of them, of one format: npz, npy, csv (or tsv), jsonl, parquet,
            safetensors, or of torch.save. Of two npy files one holds the scores and the other the labels.
        scores: The array, key or column of the scores; several, or ``logit_*``, for a column a class. By default
            found by its name.
        target: Likewise the labels, (N,), numbers or strings; or indicators, (N, C) or a column a class.
        kind: "logits", "probabilities" or "log-probabilities". By default told by the name of the scores, else by
            their values, for which files of npz, csv, jsonl and parquet are read once.
        labels: The file of the labels, if it is another; as many as there are files of scores.
        counts: Training rows of every class; or the name of an array of the file, or an npy or json file. By default
            what the file calls counts.

    Raises:
        InputError: A file cannot be read, or what it holds is not clear or does not fit together.
    """
    declared = checked_kind(kind)
    pieces: list[Piece] = []
    for pair in pairs_of(paths, labels):
        pieces.append(_piece(*_sources(pair), scores, target, pieces[0] if pieces else None))
    return _opened(pieces, declared, counts)


def from_tensors(
    scores: Any, target: Any, *, kind: str | None = None, counts: Counts | None = None, names: Names | None = None
) -> Predictions:
    """Predictions that are in memory.

    Args:
        scores: (N, C), or (N,) for one question of yes and no; a tensor or what NumPy makes an array of.
        target: Labels, (N,), or indicators, (N, C).
        kind: See open_predictions.
        counts: Training rows of every class.
        names: What the classes are called.

    Raises:
        InputError: They do not fit together.
    """
    source = open_memory("the tensors", {"scores": _values("scores", scores), "target": _values("target", target)})
    if source.fields[0].kind != "floating":
        raise InputError("scores: must be numbers in floating point: are scores and target swapped?")
    piece = _piece(source, source, "scores", "target", None)
    classes = piece.labels.classes
    given = tuple(names) if names is not None else None
    if given is not None and len(given) != classes:
        raise InputError(f"names: must be one for each of {classes} classes, got {len(given)}")
    return _opened([piece], checked_kind(kind), counts, given)


def _sources(pair: Pair) -> tuple[Source, Source]:
    path, labels = pair
    source = open_file(path)
    return source, source if labels is None else open_file(labels)


def _piece(
    source: Source, target_source: Source, scores: Names | None, target: Names | None, like: Piece | None
) -> Piece:
    """What is in one file, or two; of further files what the first of its kind has."""
    together = source is target_source
    found = _found_scores(source, scores, like)
    labels = _found_target(target_source, target, found if together else None, found.rows, like)
    classes, multi_label = _shapes(source, found, target_source, labels)
    if like is not None and (classes, multi_label) != (like.labels.classes, like.labels.multi_label):
        raise InputError(
            f"file: {source.path} has scores of shape (N, {classes}) and {like.path} of shape "
            f"(N, {like.labels.classes}), or one has labels and the other indicators: give files of one model"
        )
    return Piece(source, found, target_source, labels, Labels(target_source.path, labels.keys[0], classes, multi_label))


def _found_scores(source: Source, scores: Names | None, like: Piece | None) -> Found:
    keys = scores if scores is not None else like.scores.keys if like is not None else ()
    if scores is None and not _has(source, keys):
        return scores_of(source.path, source.fields)
    found = named(source.path, "scores", keys, source.fields)
    return found if like is None or len(found.fields) < 2 else Found(found.fields, like.scores.names)


def _found_target(
    source: Source, target: Names | None, scores: Found | None, rows: int | None, like: Piece | None
) -> Found:
    keys = target if target is not None else like.target.keys if like is not None else ()
    if target is None and not _has(source, keys):
        return target_of(source.path, source.fields, scores, rows)
    return named(source.path, "target", keys, source.fields)


def _has(source: Source, keys: Names) -> bool:
    return bool(keys) and {*keys} <= {field.name for field in source.fields}


def _shapes(source: Source, scores: Found, target_source: Source, target: Found) -> tuple[int, bool]:
    """C, and whether the target is indicators."""
    shape = scores.shape
    fits = len(shape) < 2 and all(1 <= length <= MOST_CLASSES for length in shape)
    if not fits or scores.fields[0].kind in ("string", "other"):
        raise InputError(f"scores: {source.path} has {scores.fields[0]}: give numbers, (N, C), a row a prediction")
    classes = shape[0] if shape else 1
    wide = target.shape not in ((), (1,))
    if target.fields[0].kind == "other":
        raise InputError(
            f"target: {target_source.path}: {target.keys[0]!r} holds neither numbers nor plain strings (pickled "
            "objects are not loaded, since they could run code): save numbers, or strings with astype(str)"
        )
    if wide and (target.shape != (classes,) or target.is_string):
        raise InputError(
            f"target: {target_source.path} has {target.fields[0]} for scores of {classes} classes: give labels of "
            f"shape (N,), or indicators of shape (N, {classes})"
        )
    if None not in (scores.rows, target.rows) and scores.rows != target.rows:
        raise InputError(
            f"target: {target_source.path} has {target.rows} rows of {target.keys[0]!r} for {scores.rows} of "
            f"{scores.keys[0]!r}: give a label a row"
        )
    if scores.rows == 0:
        raise InputError(f"file: {source.path} has no rows: there is nothing to read")
    return classes, wide or classes == 1


def _opened(
    pieces: list[Piece], declared: Kind | None, counts: Counts | None, names: tuple[str, ...] | None = None
) -> Predictions:
    first = pieces[0]
    classes, multi_label = first.labels.classes, first.labels.multi_label
    names = names or first.scores.names or names_of(first.source, classes)
    if any(piece.target.is_string for piece in pieces):
        names = _named_by_labels(pieces, classes, names)
        pieces = [_with_words(piece, names) for piece in pieces]
    kind = declared or kind_by_name(first.scores.keys[0])
    return Predictions(
        classes=classes,
        names=names,
        multi_label=multi_label,
        kind=kind or kind_by_values(pieces, multi_label),
        counts=_same_counts(pieces, counts, classes),
        training_rows=training_rows_of(first.source),
        pieces=tuple(pieces),
        itemsize=itemsize_of(first),
    )


def _named_by_labels(pieces: list[Piece], classes: int, names: tuple[str, ...] | None) -> tuple[str, ...]:
    if names is not None:
        return names
    labels = (values for piece in pieces for values in piece.read_labels(BATCH_BYTES // 2**8))
    return words_in(pieces[0].labels.path, pieces[0].labels.name, labels, classes)


def _with_words(piece: Piece, words: tuple[str, ...]) -> Piece:
    labels = Labels(piece.labels.path, piece.labels.name, piece.labels.classes, piece.labels.multi_label, words)
    return Piece(piece.source, piece.scores, piece.target_source, piece.target, labels)


def _same_counts(pieces: list[Piece], counts: Counts | None, classes: int) -> Tensor | None:
    found = counts_of(counts, pieces[0].source, classes)
    if counts is not None:
        return found
    for piece in pieces[1:]:
        other = counts_of(None, piece.source, classes)
        if (found is None) != (other is None) or (found is not None and not torch.equal(found, _or_empty(other))):
            raise InputError(
                f"counts: {piece.path} has other training counts than {pieces[0].path}: audit them apart, or give "
                "counts for all"
            )
    return found


def _or_empty(counts: Tensor | None) -> Tensor:
    return counts if counts is not None else torch.empty(0)


def _values(argument: str, values: Any) -> Values:
    if isinstance(values, Tensor):
        return values.detach().cpu()
    try:
        with warnings.catch_warnings():
            # Of arrays that are read-only: nothing writes to them.
            warnings.simplefilter("ignore", UserWarning)
            return values_of(np.asarray(values))
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"{argument}: must be a tensor or an array of numbers, got {type(values).__name__}") from error
