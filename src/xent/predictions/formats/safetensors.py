"""safetensors, by its own library."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from xent.predictions.formats.arrays import ArrayFile, Take, check_row, field_of
from xent.predictions.formats.errors import file_size, missing, reading
from xent.predictions.formats.mapped import mapped
from xent.predictions.formats.source import Field

ERRORS = (ValueError, TypeError, RuntimeError, KeyError, OverflowError)


@dataclass(frozen=True)
class SafetensorsFile(ArrayFile):
    """A safetensors file."""

    path: str
    size: int
    fields: tuple[Field, ...]
    errors = ERRORS

    @contextmanager
    def opened(self) -> Iterator[Take]:
        """The file, mapped by the library."""
        with reading(self.path, *ERRORS, _error(self.path)), mapped(lambda: _slices(self.path)) as take:
            yield take


def open_safetensors(path: str) -> SafetensorsFile:
    """Open a safetensors file."""
    size = file_size(path)
    fields = []
    with reading(path, *ERRORS, _error(path)):
        for name, part in _slices(path).items():
            shape = tuple(part.get_shape())
            # A slice of nothing, to see torch's dtype of the library's name for it; a lone number has no slices.
            field = field_of(name, (part[:0] if shape else part[...]).dtype, shape)
            check_row(path, field, 8)
            fields.append(field)
    return SafetensorsFile(path, size, tuple(fields))


def _slices(path: str) -> dict[str, Any]:
    from safetensors import safe_open

    file: Any = safe_open(path, framework="pt", device="cpu")
    return {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 (it is no mapping)


def _error(path: str) -> type[Exception]:
    try:
        from safetensors import SafetensorError
    except ImportError as error:
        raise missing("safetensors", path) from error
    found: type[Exception] = SafetensorError
    return found
