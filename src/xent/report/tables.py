"""The findings of a comparison as tables for the terminal, made for 80 columns."""

from rich.table import Table
from rich.text import Text

from xent.compare import Measure, Results, Winner
from xent.report import numbers
from xent.report.table import titled_table


def results_table(title: str, results: Results, measures: tuple[str, ...]) -> Table:
    """One row a loss: mean and standard deviation over the seeds, the best means highlighted.

    A unit that all measures share is said in the title, else in the columns.
    """
    shown = [results.measures[key] for key in measures if key in results.measures]
    units = {numbers.unit(measure) for measure in shown}
    shared = len(units) == 1
    # Six columns of nine characters, such as 50.0±12.3, and the longest name just fit: one space between them.
    table = titled_table(f"{title}, {units.pop()}" if shared else title, space=1 if shared else 2)
    table.add_column("loss", no_wrap=True)
    for measure in shown:
        header = measure.title if shared else _title(measure)
        table.add_column(header, justify="right", width=9 if shared else None)
    for loss in results.losses:
        table.add_row(loss, *(_cell(results, loss, measure) for measure in shown))
    return table


def winners_table(results: Results) -> Table:
    """One row a measure: the best loss, and its paired difference to the plain one."""
    table = titled_table(f"Who wins on what, and by how much over the plain loss ({results.baseline})")
    table.add_column("measure", no_wrap=True)
    table.add_column("best mean")
    for header in (f"over {results.baseline}", "95% interval", "better in"):
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
        table.add_row(_title(measure), _leader(results, winner), *row)
    return table


def _leader(results: Results, winner: Winner) -> str:
    tie = 1 + len(winner.tied)
    if tie == 1:
        return winner.loss
    return "all tie" if tie == len(results.losses) else f"{winner.loss} (tie of {tie})"


def _title(measure: Measure) -> str:
    return f"{measure.title}, {numbers.unit(measure)}"


def _cell(results: Results, loss: str, measure: Measure) -> Text:
    best = measure.contested and loss in results.leaders(measure.key)
    return Text(numbers.spread(measure, results.spread(loss, measure.key)), style="bold green" if best else "")
