"""The table of named losses: tests, the documentation page, ``xent losses`` and benchmarks come from it."""

from xent.catalog.row import Domain, Hand, Row, Trait
from xent.catalog.sigmoid import SIGMOID
from xent.catalog.softmax import SOFTMAX

__all__ = ["ROWS", "Domain", "Hand", "Row", "Trait"]

ROWS: dict[str, Row] = {row.name: row for row in (*SOFTMAX, *SIGMOID)}
