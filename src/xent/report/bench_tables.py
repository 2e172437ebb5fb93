"""The findings of a benchmark as tables for the terminal. They fit 80 columns; long names of cases are folded."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from xent.bench import FLOORS, FORWARD, FORWARD_BACKWARD, XENT, Measurement, Workload
from xent.report import bench_numbers as numbers
from xent.report.table import titled_table


def times_table(workload: Workload, measurements: Sequence[Measurement]) -> Table:
    """One row a case: xent's time, and the others' as multiples of it."""
    table = titled_table(f"{workload.title}, memory {measurements[0].memory}", space=1)
    table.add_column("case", overflow="fold")
    table.add_column(XENT, justify="right", no_wrap=True)
    others = [name for name in measurements[0].contestants() if name != XENT]
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    for measurement in measurements:
        time = numbers.seconds(measurement.seconds(workload.name, XENT).median)
        cells = (_ratio(measurement, workload, name) for name in others)
        table.add_row(measurement.case.name, time, *cells)
    return table


def memory_table(measurements: Sequence[Measurement]) -> Table:
    """One row a case: what everyone takes at the peak."""
    table = titled_table("Peak memory in MiB: forward and backward beyond the gradient, and forward alone", space=1)
    table.add_column("case", overflow="fold")
    columns = [
        (workload, name)
        for workload in (FORWARD_BACKWARD, FORWARD)
        for name in measurements[0].peak_bytes[workload.name]
    ]
    for workload, name in columns:
        table.add_column(f"{name}\n{'both' if workload is FORWARD_BACKWARD else 'forward'}", justify="right")
    for measurement in measurements:
        peaks = (numbers.mebibytes(measurement.peak_bytes[workload.name][name]) for workload, name in columns)
        table.add_row(measurement.case.name, *peaks)
    return table


def _ratio(measurement: Measurement, workload: Workload, name: str) -> Text:
    ratio = measurement.ratio(workload.name, name)
    if name in FLOORS:
        return Text(numbers.multiple(ratio.median), style="dim")
    style = "green" if ratio.low > 1 else "red" if ratio.high < 1 else ""
    return Text(numbers.multiples(ratio), style=style)
