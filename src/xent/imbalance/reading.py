"""How labels are to be read, and the pieces that they are read in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# Labels of one array or batch: int64, bool or floating point; or str objects.
Labels: TypeAlias = Tensor | NDArray[np.object_]

# Labels looked at together: 8 MB as int64, so that what is needed beside an array of labels does not grow with it.
PIECE = 2**20


@dataclass(frozen=True)
class Reading:
    """What the user said of the labels.

    Attributes:
        function: The public function, for errors.
        num_classes: C, or None to find it.
        names: The classes in order, or None.
        multi_label: Whether labels are indicator rows; None to tell by their dtype.
        ignore_index: The label that is left out, or None.
    """

    function: str
    num_classes: int | None = None
    names: tuple[str, ...] | None = None
    multi_label: bool | None = None
    ignore_index: int | None = -100

    def __post_init__(self) -> None:
        _integer_or_none(self.function, "num_classes", self.num_classes)
        _integer_or_none(self.function, "ignore_index", self.ignore_index)
        if self.num_classes is not None and self.num_classes < 1:
            raise ValueError(f"{self.function}: `num_classes` must be at least 1, got {self.num_classes}.")
        if self.names is not None:
            self._check_names(self.names)

    @property
    def classes(self) -> int | None:
        """C, if it is known beforehand."""
        return self.num_classes if self.names is None else len(self.names)

    def _check_names(self, names: tuple[str, ...]) -> None:
        if not names or not all(isinstance(name, str) for name in names):
            raise TypeError(f"{self.function}: `names` must be one str a class.")
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"{self.function}: `names` must differ, {twice!r} stands there twice.")
        if self.num_classes not in (None, len(names)):
            raise ValueError(f"{self.function}: {len(names)} `names` for num_classes={self.num_classes}.")


def pieces(function: str, labels: Any) -> Iterator[Labels]:
    """``labels``, a tensor or whatever NumPy makes an array of, cut along the first axis.

    Raises:
        TypeError: If they are neither numbers nor strings.
    """
    whole = labels.detach() if isinstance(labels, Tensor) else _array(function, labels)
    if whole.ndim == 0:
        whole = whole.reshape(1)
    rows = max(1, PIECE // max(1, int(np.prod(whole.shape[1:]))))
    for start in range(0, max(1, len(whole)), rows):
        yield _piece(whole[start : start + rows])


def _integer_or_none(function: str, argument: str, value: int | None) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise TypeError(f"{function}: `{argument}` must be an int or None, not {type(value).__name__}.")


def _array(function: str, labels: Any) -> NDArray[Any]:
    try:
        array = np.asarray(labels)
    except (TypeError, ValueError, RuntimeError) as error:
        raise _no_labels(function, type(labels).__name__) from error
    if array.dtype.kind in "UT":
        # NumPy makes strings of numbers that stand among them.
        array = np.asarray(labels, dtype=object)
    if array.dtype.kind == "O":
        others = {type(label).__name__ for label in array.flat if not isinstance(label, str)}
        if others:
            raise _no_labels(function, f"{type(labels).__name__} of {', '.join(sorted(others))}")
    elif array.dtype.kind not in "biuf":
        raise _no_labels(function, f"{type(labels).__name__} of {array.dtype}")
    return array


def _piece(part: Any) -> Labels:
    """In a dtype that torch computes with; from NumPy as a copy, since torch warns of arrays that are read-only."""
    if isinstance(part, Tensor):
        exact = part.dtype == torch.bool or part.is_floating_point() or part.is_complex()
        return part if exact else part.to(torch.int64)
    if part.dtype.kind == "O":
        strings: NDArray[np.object_] = part
        return strings
    return torch.from_numpy(part.astype({"b": np.bool_, "f": np.float64}.get(part.dtype.kind, np.int64)))


def _no_labels(function: str, given: str) -> TypeError:
    return TypeError(
        f"{function}: labels must be integers, strings or indicator rows of 0 and 1, in a tensor, an array or a list, "
        f"got {given}."
    )
