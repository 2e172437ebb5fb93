"""Which library the arrays belong to, and in which precision their rows are computed and summed."""

from types import ModuleType
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch

Array = TypeVar("Array", torch.Tensor, npt.NDArray[Any])

FLOATING = frozenset({"float16", "bfloat16", "float32", "float64"})
INTEGER = frozenset({"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"})

_DEVICES_WITHOUT_FLOAT64 = frozenset({"mps"})


def namespace(**arrays: object) -> ModuleType:
    """The array-API functions for ``arrays`` by argument name, all of one kind and on one device."""
    kinds = {name: _kind(name, array) for name, array in arrays.items()}
    if len(set(kinds.values())) > 1:
        given = " and ".join(f"`{name}` is a {kind}" for name, kind in kinds.items())
        raise TypeError(f"{given}. Pass both as torch tensors or both as NumPy arrays.")
    if "torch.Tensor" in kinds.values():
        _one_device(arrays)
    found: ModuleType = _array_api_compat().array_namespace(*arrays.values())
    return found


def positions(xp: ModuleType, values: Any) -> Any:
    """0, 1, ... along the last axis of ``values``, on its device."""
    return xp.arange(values.shape[-1], device=_array_api_compat().device(values))


def _array_api_compat() -> ModuleType:
    # An extra, and so imported where it is needed and not with the package.
    try:
        import array_api_compat
    except ImportError as error:
        raise ImportError('xent.information needs array-api-compat: pip install "xent[information]"') from error
    module: ModuleType = array_api_compat
    return module


def _kind(name: str, array: object) -> str:
    if isinstance(array, torch.Tensor):
        if array.layout != torch.strided:
            raise TypeError(f"`{name}` must be a dense tensor, not {array.layout}. Pass {name}.to_dense().")
        return "torch.Tensor"
    # Masked arrays and matrices are arrays with another arithmetic.
    if isinstance(array, np.ndarray) and not isinstance(array, (np.ma.MaskedArray, np.matrix)):
        return "numpy.ndarray"
    raise TypeError(
        f"`{name}` must be a torch.Tensor or a numpy.ndarray, not {type(array).__name__}. "
        f"Pass torch.tensor({name}) or numpy.asarray({name})."
    )


def _one_device(arrays: dict[str, Any]) -> None:
    if len({array.device for array in arrays.values()}) > 1:
        given = " and ".join(f"`{name}` is on {array.device}" for name, array in arrays.items())
        raise ValueError(f"{given}. Pass both on one device.")


def dtype_name(array: Any) -> str:
    """The name that torch and NumPy share, such as "float32"."""
    return str(array.dtype).removeprefix("torch.")


def working(xp: ModuleType, array: Any) -> Any:
    """``array`` in the precision of the arithmetic: float32 for half precision, float64 for integers."""
    name = dtype_name(array)
    if name in FLOATING:
        return xp.astype(array, xp.float64 if name == "float64" else xp.float32)
    return xp.astype(array, _widest(xp, array))


def row_sum(xp: ModuleType, values: Any) -> Any:
    """Sum over the last axis, kept with size 1, in float64: 100 000 classes cost float32 digits."""
    return xp.sum(values, axis=-1, keepdims=True, dtype=_widest(xp, values))


def answer(xp: ModuleType, nats: Any, *inputs: Array, unit: float) -> Array:
    """``nats``, whose last axis was summed away, in units of ``unit`` nats and the dtype of ``inputs``.

    Integers are answered in the library's default floating point.
    """
    result: Array = xp.astype(nats[..., 0] / unit, _result_dtype(xp, *inputs))
    return result


def _result_dtype(xp: ModuleType, *arrays: Any) -> Any:
    promoted = xp.result_type(*arrays)
    if str(promoted).removeprefix("torch.") in FLOATING:
        return promoted
    return torch.get_default_dtype() if isinstance(arrays[0], torch.Tensor) else np.dtype(np.float64)


def _widest(xp: ModuleType, array: Any) -> Any:
    on_device_without = isinstance(array, torch.Tensor) and array.device.type in _DEVICES_WITHOUT_FLOAT64
    return xp.float32 if on_device_without else xp.float64
