"""Which fields of a file are the scores and the target, by their names and shapes."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias

from xent.jobs import InputError
from xent.predictions.formats import Field

Kind: TypeAlias = Literal["logits", "probabilities", "log-probabilities"]

# Names of scores in the order in which they are preferred, and what they say about them.
SCORES: dict[str, Kind | None] = {
    "logits": "logits",
    "logit": "logits",
    **dict.fromkeys(
        ("log_probabilities", "log_probability", "log_probas", "log_proba", "log_probs", "log_prob", "log_softmax"),
        "log-probabilities",
    ),
    **dict.fromkeys(("logprobs", "logprob", "logp"), "log-probabilities"),
    **dict.fromkeys(("probabilities", "probability", "probas", "proba", "probs", "prob"), "probabilities"),
    **dict.fromkeys(("softmax", "sigmoid", "p"), "probabilities"),
    # These may be either: the values tell.
    **dict.fromkeys(("scores", "score", "y_score", "outputs", "output", "predictions", "preds", "y_pred", "y_hat")),
}
TARGET = ("target", "targets", "label", "labels", "y_true", "y", "truth", "ground_truth", "class", "classes")

_WORDS = (*SCORES, *TARGET)

# With one of these a name says something about the classes, not about the rows.
_NO_TARGET = ("count", "counts", "weight", "weights", "pred", "predicted")

_SEPARATOR = r"[_.\-\s\[(]+"


@dataclass(frozen=True)
class Found:
    """Fields that belong together.

    Attributes:
        fields: One field, or several that are one number a row each.
        names: What the classes are called, if the names of several fields say so.
    """

    fields: tuple[Field, ...]
    names: tuple[str, ...] | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the fields."""
        return tuple(field.name for field in self.fields)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of a row."""
        return self.fields[0].shape if len(self.fields) == 1 else (len(self.fields),)

    @property
    def rows(self) -> int | None:
        """How many rows there are, if that is known."""
        return self.fields[0].rows

    @property
    def is_string(self) -> bool:
        """Whether they hold names."""
        return self.fields[0].kind == "string"


def named(path: str, argument: str, wanted: str | Sequence[str], fields: Sequence[Field]) -> Found:
    """The fields that somebody named: one, several, or all that fit a pattern such as ``logit_*``.

    Raises:
        InputError: There is none of such a name.
    """
    known = {field.name: field for field in fields}
    parts = [wanted] if isinstance(wanted, str) and wanted in known else _split(wanted)
    names: list[str] = []
    for part in parts:
        fitting = [part] if part in known else [name for name in known if fnmatchcase(name, part)]
        if not fitting:
            raise InputError(f"{argument}: {path} has no {part!r}, but {shown(fields)}")
        names += [name for name in fitting if name not in names]
    found = tuple(known[name] for name in names)
    _check_joinable(path, argument, found)
    return Found(found) if len(found) == 1 else _by_class([(_suffix(field.name, _WORDS), field) for field in found])


def scores_of(path: str, fields: Sequence[Field]) -> Found:
    """The scores of a file.

    Raises:
        InputError: None are found, or several that are as good.
    """
    numbers = [
        field for field in fields if field.kind == "floating" or (field.rows is None and field.kind == "integer")
    ]
    # A whole number a row is a predicted class, not a score.
    single = [field for field in numbers if field.shape or field.kind == "floating"]
    for word in SCORES:
        if found := _exact(word, single) or _columns(word, numbers):
            return found
    for word in SCORES:
        if found := _containing("scores", path, word, [field for field in numbers if len(field.shape) == 1]):
            return found
    matrices = [field for field in numbers if len(field.shape) == 1 and field.kind == "floating"]
    if len(matrices) == 1:
        return Found((matrices[0],))
    raise InputError(
        f"scores: {path} has nothing that is known by its name as scores, but {shown(fields)}: say which they are "
        "(several columns as 'logit_*')"
    )


def target_of(path: str, fields: Sequence[Field], scores: Found | None, rows: int | None) -> Found:
    """The target of a file.

    Args:
        path: For errors.
        fields: What the file holds.
        scores: The scores, if they are in this file, too.
        rows: How many rows of scores there are, if that is known.

    Raises:
        InputError: None is found, or several that are as good.
    """
    taken = set(scores.keys) if scores else set()
    rest = [field for field in fields if field.name not in taken]
    for word in TARGET:
        if found := _exact(word, rest) or _columns(word, rest):
            return _in_order_of(scores, found)
    if scores and scores.names and set(scores.names) <= {field.name for field in rest}:
        by_name = {field.name: field for field in rest}
        return Found(tuple(by_name[name] for name in scores.names), scores.names)
    fitting = [field for field in rest if field.kind != "other" and (field.rows == rows or None in (field.rows, rows))]
    fitting = [field for field in fitting if not set(_plain(field.name).split("_")) & set(_NO_TARGET)]
    for word in TARGET:
        if len(word) > 1 and (found := _containing("target", path, word, fitting)):
            return found
    labels = [field for field in fitting if field.kind != "floating"]
    for candidates in (labels, fitting if scores is None else []):
        if len(candidates) == 1:
            return Found((candidates[0],))
    raise InputError(
        f"target: {path} has nothing that is known by its name as labels, but {shown(fields)}: say which they are, "
        "or give a file of labels"
    )


def kind_by_name(name: str) -> Kind | None:
    """What the name of scores says about them."""
    plain = _plain(name)
    for word, kind in SCORES.items():
        if plain == word or _suffix(name, (word,)) is not None or (len(word) > 1 and f"_{word}_" in f"_{plain}_"):
            return kind
    return None


def is_name_of(words: Sequence[str], name: str) -> bool:
    """Whether one of these words is in a name."""
    return any(f"_{word}_" in f"_{_plain(name)}_" for word in words)


def shown(fields: Sequence[Field]) -> str:
    """The fields, for an error."""
    parts = [str(field) for field in fields[:12]]
    return ", ".join([*parts, "..."] if len(fields) > 12 else parts) or "nothing"


def _split(wanted: str | Sequence[str]) -> list[str]:
    parts = wanted.split(",") if isinstance(wanted, str) else list(wanted)
    return [part.strip() for part in parts if part.strip()]


def _exact(word: str, fields: Sequence[Field]) -> Found | None:
    return next((Found((field,)) for field in fields if _plain(field.name) == word), None)


def _columns(word: str, fields: Sequence[Field]) -> Found | None:
    """The columns ``word_...``, one a class: by number where they are numbered, else as they stand."""
    found = [(suffix, field) for field in fields if not field.shape and (suffix := _suffix(field.name, (word,)))]
    # One column p_value is no score of the class "value".
    return _by_class(found) if len(found) > 1 or (found and found[0][0].isdecimal()) else None


def _by_class(columns: Sequence[tuple[str | None, Field]]) -> Found:
    """Columns by number, if they are numbered; else the classes have their names."""
    if all((suffix or field.name).isdecimal() for suffix, field in columns):
        ordered = sorted(columns, key=lambda column: int(column[0] or column[1].name))
        return Found(tuple(field for _, field in ordered))
    return Found(tuple(field for _, field in columns), tuple(suffix or field.name for suffix, field in columns))


def _containing(argument: str, path: str, word: str, fields: Sequence[Field]) -> Found | None:
    found = [field for field in fields if is_name_of((word,), field.name)]
    if len(found) > 1:
        raise InputError(f"{argument}: {path} has {shown(found)}: say which is meant")
    return Found((found[0],)) if found else None


def _in_order_of(scores: Found | None, target: Found) -> Found:
    """Columns of classes that have names in the order of the scores."""
    if not scores or not scores.names or not target.names or set(scores.names) != set(target.names):
        return target
    by_name = dict(zip(target.names, target.fields, strict=True))
    return Found(tuple(by_name[name] for name in scores.names), scores.names)


def _check_joinable(path: str, argument: str, found: Sequence[Field]) -> None:
    wide: Callable[[Field], bool] = lambda field: bool(field.shape) or field.kind in ("string", "other")  # noqa: E731
    if len(found) > 1 and (bad := next(filter(wide, found), None)):
        raise InputError(f"{argument}: {path} has {bad}; several columns must hold one number a row each")


def _suffix(name: str, words: Sequence[str]) -> str | None:
    """What follows one of the words: of prob_cat and ``prob``, cat; of p0 and ``p``, 0."""
    for word in words:
        pattern = word.replace("_", "[_ -]?")
        if match := re.fullmatch(rf"{pattern}(?:{_SEPARATOR}(.+?)[\])]?|(\d+))", name, re.IGNORECASE | re.DOTALL):
            return match[1] or match[2]
    return None


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "_", name.strip()).strip("_").lower()
