"""The findings of a comparison as tables for the terminal, made for 80 columns."""

from rich.table import Table
from rich.text import Text

from xent.compare import MEASURES, Measure, Results
from xent.compare.results import CONTESTED
from xent.report import numbers
from xent.report.table import titled_table


def results_table(title: str, results: Results, measures: tuple[str, ...]) -> Table:
    """One row a loss: mean and standard deviation over the seeds, the best mean highlighted.

    A unit that all measures share is said in the title, else in the columns.
    """
    units = {numbers.unit(MEASURES[key]) for key in measures}
    shared = len(units) == 1
    # Six columns of nine characters, such as 50.0±12.3, and the longest name just fit: one space between them.
    table = titled_table(f"{title}, {units.pop()}" if shared else title, space=1 if shared else 2)
    table.add_column("loss", no_wrap=True)
    for key in measures:
        header = MEASURES[key].title if shared else _title(MEASURES[key])
        table.add_column(header, justify="right", width=9 if shared else None)
    for loss in results.losses:
        table.add_row(loss, *(_cell(results, loss, key) for key in measures))
    return table


def winners_table(results: Results) -> Table:
    """One row a measure: the best loss, and its paired difference to plain cross entropy."""
    table = titled_table("Who wins on what, and by how much over plain cross entropy (ce)")
    for header in ("measure", "best mean"):
        table.add_column(header, no_wrap=True)
    for header in ("over ce", "95% interval", "better in"):
        table.add_column(header, justify="right", no_wrap=True)
    for winner in results.winners.values():
        measure, against = winner.measure, winner.against_baseline
        row = ["-", "-", "-"]
        if against is not None:
            row = [
                numbers.difference(measure, against),
                numbers.interval(measure, against),
                f"{against.better} of {against.seeds}",
            ]
        table.add_row(_title(measure), winner.loss, *row)
    return table


def _title(measure: Measure) -> str:
    return f"{measure.title}, {numbers.unit(measure)}"


def _cell(results: Results, loss: str, key: str) -> Text:
    best = key in CONTESTED and results.best(key) == loss
    return Text(numbers.spread(MEASURES[key], results.spread(loss, key)), style="bold green" if best else "")
