"""What the named losses cost beside plain xent, in the terminal."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from xent.bench import MOST, Cost
from xent.report import bench_numbers as numbers
from xent.report.table import titled_table


def costs_table(costs: Sequence[Cost]) -> Table:
    """One row a loss: its time, and its multiple of the plain loss."""
    table = titled_table("")
    table.add_column("loss", no_wrap=True)
    for header in ("time", "of the plain loss's time"):
        table.add_column(header, justify="right", no_wrap=True)
    for cost in costs:
        style = "red" if cost.ratio.median > MOST else ""
        ratio = Text(f"{numbers.multiples(cost.ratio)} {cost.plain}", style=style)
        table.add_row(cost.name, numbers.seconds(cost.seconds.median), ratio)
    return table


def verdict(costs: Sequence[Cost]) -> str:
    """How many are quick enough, and who is not."""
    dear = [cost.name for cost in costs if cost.ratio.median > MOST]
    but = f"; not {', '.join(dear)}" if dear else ""
    return f"{len(costs) - len(dear)} of {len(costs)} take at most {MOST} times as long as the plain loss{but}."
