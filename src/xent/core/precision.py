"""The dtypes that arithmetic is done in."""

import torch
from torch import Tensor


def arithmetic_dtype(*tensors: Tensor | None) -> torch.dtype:
    """float64 if any floating-point tensor given is float64, else float32."""
    double = any(t is not None and t.dtype == torch.float64 for t in tensors)
    return torch.float64 if double else torch.float32


def sum_dtype(tensor: Tensor) -> torch.dtype:
    """float64, for sums over rows and other long ones; float32 on Metal, which has no float64."""
    return torch.float32 if tensor.device.type == "mps" else torch.float64
