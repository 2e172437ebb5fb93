"""Where the rows come from: an embedded dataset, or a file."""

import hashlib
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

from xent.compare.data.dataset import Dataset
from xent.compare.data.digits import digits
from xent.compare.data.file import load
from xent.compare.data.unicode_names import unicode_names
from xent.compare.data.yeast import yeast
from xent.jobs import InputError

EMBEDDED = {"digits": digits, "unicode": unicode_names, "yeast": yeast}


@dataclass(frozen=True)
class Source:
    """Rows to compare losses on.

    Attributes:
        data: Name of an embedded dataset, or path of a csv, parquet or npz file.
        target: Of a file the column of the class; several columns of 0 and 1 are a question each.
        test: A file of the same kind to test on; otherwise rows are held out.
        drop: Columns of a file that are no features.

    Raises:
        InputError: An argument is missing, or does not go with the data.
    """

    data: str = "digits"
    target: tuple[str, ...] = ()
    test: Path | None = None
    drop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.is_file and not Path(self.data).exists():
            close = get_close_matches(self.data, EMBEDDED, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]}? " if close else ""
            raise InputError(f"data: {self.data!r} is no file; {hint}Embedded: {', '.join(EMBEDDED)}")
        if not self.is_file and (self.target or self.test or self.drop):
            raise InputError(f"data: --target, --test and --drop are for files, and {self.data!r} is embedded")

    @property
    def is_file(self) -> bool:
        """Whether the rows are somebody's own."""
        return self.data not in EMBEDDED

    def load(self) -> Dataset:
        """The rows."""
        if not self.is_file:
            return EMBEDDED[self.data]()
        return load(Path(self.data), self.target, self.test, self.drop)

    def settings(self) -> dict[str, Any]:
        """What determines the rows; JSON values only. A file is told by its content, wherever it lies."""
        if not self.is_file:
            return {"data": self.data}
        files = {"data": Path(self.data), **({"test": self.test} if self.test else {})}
        digests = {name: f"{path.name} sha256 {_digest(path)}" for name, path in files.items()}
        return {**digests, "target": list(self.target), "drop": list(self.drop)}


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            for block in iter(partial(file.read, 1 << 20), b""):
                digest.update(block)
    except OSError as error:
        raise InputError(f"file: {path} cannot be read: {error.strerror}") from error
    return digest.hexdigest()
