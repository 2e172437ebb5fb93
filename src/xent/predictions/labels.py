"""Labels as they stand in a file -> the target of a batch."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from xent.jobs import InputError
from xent.predictions.formats import Texts, Values


@dataclass(frozen=True)
class Labels:
    """How labels are read.

    Attributes:
        path: The file, for errors.
        name: The field, for errors.
        classes: C.
        multi_label: Whether a row has an indicator for every class.
        words: What strings stand for: position k is class k. None where labels are numbers.
    """

    path: str
    name: str
    classes: int
    multi_label: bool
    words: tuple[str, ...] | None = None

    def target(self, values: Values, first: int) -> Tensor:
        """The target of a batch; see Batch.

        Args:
            values: Labels, (n,) or (n, C).
            first: Number of the first row within the file.

        Raises:
            InputError: A label is missing, no whole number, or a string that names no class.
        """
        if isinstance(values, Texts):
            return self._from_texts(values, first)
        if self.multi_label:
            return self._indicators(values.reshape(len(values), -1), first)
        return self._indices(values.reshape(-1), first)

    def _indices(self, values: Tensor, first: int) -> Tensor:
        if not values.is_floating_point():
            return values.to(torch.int64)
        whole = values.to(torch.int64)
        wrong = whole != values
        if wrong.any():
            row = int(wrong.to(torch.uint8).argmax())
            raise self._bad(f"{values[row].item():g}", row + first, "is no class: give whole numbers")
        return whole

    def _indicators(self, values: Tensor, first: int) -> Tensor:
        if values.is_floating_point() and values.isnan().any():
            row = int(values.isnan().any(dim=1).to(torch.uint8).argmax())
            raise self._bad("nan", row + first, "is no indicator: give 0 or 1")
        return values

    def _from_texts(self, texts: Texts, first: int) -> Tensor:
        codes = texts.codes
        if (codes < 0).any():
            raise self._bad("no value", first + int((codes < 0).to(torch.uint8).argmax()), "has no class: give one")
        number = {word: k for k, word in enumerate(self.words or ())}
        known = torch.tensor([number.get(word, -1) for word in texts.words] or [-1], dtype=torch.int64)
        indices = known[codes]
        if (indices < 0).any():
            row = int((indices < 0).to(torch.uint8).argmax())
            raise self._bad(repr(texts.words[int(codes[row])]), first + row, self._classes())
        return indices

    def _classes(self) -> str:
        words = self.words or ()
        return f"is none of the classes {', '.join(words[:8])}" + (", ..." if len(words) > 8 else "")

    def _bad(self, value: str, row: int, what: str) -> InputError:
        return InputError(f"target: {self.path}: {self.name!r} holds {value} in row {row}, which {what}")


def words_in(path: str, name: str, labels: Iterable[Values], classes: int) -> tuple[str, ...]:
    """The classes that string labels name: sorted, as scikit-learn numbers them, or by number if they are numbers.

    Raises:
        InputError: They are more or fewer than the classes.
    """
    found: set[str] = set()
    for values in labels:
        if isinstance(values, Texts):
            found |= {values.words[code] for code in set(values.codes.tolist()) if code >= 0}
        if len(found) > classes:
            break
    if found and all(word.isdecimal() for word in found):
        return tuple(str(k) for k in range(max(classes, max(map(int, found)) + 1)))
    if len(found) == classes:
        return tuple(sorted(found))
    count = f"more than {classes}" if len(found) > classes else str(len(found))
    raise InputError(
        f"target: {path}: {name!r} names {count} classes, and there are scores for {classes}: which stands for which "
        "cannot be told. Give labels as numbers, or name the columns of scores by the classes (logit_cat, ...)"
    )
