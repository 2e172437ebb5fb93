"""Counting labels piece by piece: class indices, names, or indicator rows."""

from xent.imbalance.tally.choice import new_tally
from xent.imbalance.tally.indicators import IndicatorTally
from xent.imbalance.tally.indices import IndexTally
from xent.imbalance.tally.names import NameTally
from xent.imbalance.tally.tally import Tally

__all__ = ["IndexTally", "IndicatorTally", "NameTally", "Tally", "new_tally"]
