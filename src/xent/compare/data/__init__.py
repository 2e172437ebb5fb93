"""What the losses are compared on: embedded datasets, files of somebody's own, and their division by a seed."""

from xent.compare.data.dataset import Dataset, Split
from xent.compare.data.source import EMBEDDED, Source
from xent.compare.data.split import split

__all__ = ["EMBEDDED", "Dataset", "Source", "Split", "split"]
