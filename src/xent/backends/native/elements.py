"""What the two elementwise links have in common: operands that broadcast to the elements, and what counts."""

from collections.abc import Mapping

import torch
from torch import Tensor

from xent.backends.native.layout import ElementLayout
from xent.core.call import DivergenceCall, SigmoidCall

# Elements of these lie side by side in memory.
DENSE = ("logits", "input", "gradient", "rows")


def add_counts(layout: ElementLayout, call: SigmoidCall | DivergenceCall, dtype: torch.dtype) -> None:
    """What says which elements are read, and how much each counts."""
    if call.sample_weight is not None:
        layout.add_rows("sample_weight", call.sample_weight.to(dtype))
    if call.mask is not None:
        layout.add_rows("mask", call.mask)


def add_factors(layout: ElementLayout, dtype: torch.dtype, factors: Mapping[str, Tensor | None]) -> None:
    """What broadcasts to the elements as torch broadcasts, in the type of arithmetic."""
    for name, value in factors.items():
        if value is not None:
            layout.add(name, value.to(dtype))


def add_results(layout: ElementLayout, gradient: Tensor | None, rows: Tensor | None) -> None:
    """What is written for each element."""
    if gradient is not None:
        layout.add("gradient", gradient)
    if rows is not None:
        layout.add("rows", rows)
