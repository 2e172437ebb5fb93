"""Which tally labels need, by the first of them."""

import torch
from torch import Tensor

from xent.imbalance.reading import Labels, Reading
from xent.imbalance.tally.indicators import IndicatorTally
from xent.imbalance.tally.indices import IndexTally
from xent.imbalance.tally.names import NameTally
from xent.imbalance.tally.tally import Tally


def new_tally(reading: Reading, first: Labels) -> Tally:
    """The tally for labels of the kind of ``first``.

    Raises:
        ValueError: If they may be class indices as well as indicator rows, and nobody said which.
        TypeError: If they are strings where indicators are to be read.
    """
    if not isinstance(first, Tensor):
        if reading.multi_label:
            raise TypeError(f"{reading.function}: multi_label=True reads indicator rows of 0 and 1, got strings.")
        return NameTally(reading)
    if reading.multi_label is not None:
        return IndicatorTally(reading) if reading.multi_label else IndexTally(reading)
    if first.ndim != 2:
        return IndexTally(reading)
    if first.dtype == torch.int64:
        raise ValueError(
            f"{reading.function}: integer labels of shape (N, {first.shape[1]}) may be class indices (of tokens, of "
            "pixels) or indicator rows: pass multi_label=False for indices, multi_label=True for indicators."
        )
    return IndicatorTally(reading)
