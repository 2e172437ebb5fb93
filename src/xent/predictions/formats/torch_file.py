"""torch's own files: tensors only, mapped, and nothing in them is run."""

import pickle
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from xent.jobs import InputError
from xent.predictions.formats.arrays import ArrayFile, Take, check_row, field_of
from xent.predictions.formats.errors import file_size, reading
from xent.predictions.formats.mapped import mapped
from xent.predictions.formats.source import Field

# torch's reader of pickles gives way in many places where a file is damaged.
ERRORS = (
    RuntimeError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    EOFError,
    OverflowError,
    AssertionError,
    pickle.UnpicklingError,
)


@dataclass(frozen=True)
class TorchFile(ArrayFile):
    """A file of torch.save: a dictionary of tensors, or a pair of them."""

    path: str
    size: int
    fields: tuple[Field, ...]
    errors = ERRORS

    @contextmanager
    def opened(self) -> Iterator[Take]:
        """The file, mapped by torch."""
        with mapped(lambda: _tensors(self.path)) as take:
            yield take


def open_torch(path: str) -> TorchFile:
    """Open a file of torch.save."""
    size = file_size(path)
    with reading(path, *ERRORS):
        tensors = _tensors(path)
        fields = tuple(field_of(name, tensor.dtype, tuple(tensor.shape)) for name, tensor in tensors.items())
    for field in fields:
        check_row(path, field, 8)
    return TorchFile(path, size, fields)


def _tensors(path: str) -> dict[str, Tensor]:
    with warnings.catch_warnings():
        # Of formats and dtypes that are to be given up some day.
        warnings.simplefilter("ignore")
        try:
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        except pickle.UnpicklingError as error:
            raise InputError(
                f"{path} holds more than tensors, or is damaged; other objects are not loaded since they could run "
                'code: save it with torch.save({"logits": logits, "target": target}, ...)'
            ) from error
    found = {
        name: tensor.detach() if tensor.ndim else tensor.detach().reshape(1)
        for name, tensor in _named(content).items()
        if isinstance(tensor, Tensor) and tensor.layout == torch.strided and not tensor.is_quantized
    }
    if not found:
        raise InputError(f'{path} holds no tensors: save it with torch.save({{"logits": logits, "target": target}})')
    return found


def _named(content: Any) -> Mapping[str, Any]:
    if isinstance(content, Mapping):
        return {str(name): value for name, value in content.items()}
    if isinstance(content, (tuple, list)):
        # (logits, target), as a function that predicts returns them.
        names = ("logits", "target") if len(content) == 2 else [str(k) for k in range(len(content))]
        return dict(zip(names, content, strict=True))
    return {"tensor": content}
