"""Whether a loss may take its shortest way, which writes into tensors of its own and looks at values."""

import torch
from torch import Tensor

from xent.dispatch import modes


def on_cpu(*tensors: Tensor) -> bool:
    """Whether all tensors hold their values on the CPU, and nothing traces or transforms what is done with them."""
    if torch.compiler.is_compiling() or modes.are_on():
        return False
    return all(tensor.is_cpu and modes.is_plain(tensor) for tensor in tensors)
