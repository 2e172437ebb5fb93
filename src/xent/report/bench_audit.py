"""How fast predictions are audited, in the terminal."""

from collections.abc import Sequence

from rich.table import Table

from xent.bench.audit import Audited
from xent.report import bench_numbers as numbers
from xent.report.table import titled_table

TITLE = "Saved predictions audited"
NOTE = (
    "npy, float32 logits and int64 labels, in the page cache. Rivals: scikit-learn's log_loss and torchmetrics' "
    "multiclass_calibration_error, one after the other."
)


def audits_table(found: Sequence[Audited]) -> Table:
    """One row a file: how fast xent reads it, and its rivals' time as a multiple of xent's."""
    table = titled_table(TITLE)
    for header in ("classes", "rows", "xent", "GB/s", "M rows/s", "rivals", "rivals/xent"):
        table.add_column(header, justify="right", no_wrap=True)
    for one in found:
        table.add_row(
            str(one.classes),
            str(one.rows),
            numbers.seconds(one.seconds.median),
            numbers.multiples(one.gigabytes),
            numbers.multiple(one.rows / one.seconds.median / 1e6),
            "not installed" if one.rivals is None else numbers.seconds(one.rivals.median),
            "" if one.ratio is None else numbers.multiples(one.ratio),
        )
    return table
