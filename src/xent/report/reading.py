"""The display while predictions are read: a bar where there is a terminal, and nothing where there is none."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from xent.audit import Progress as Reading


@contextmanager
def reading_display(console: Console, rows: int | None) -> Iterator[Callable[[Reading], None]]:
    """What to call now and then with the rows so far, for as long as the context lasts.

    Args:
        console: Where to.
        rows: How many there are, if that is known.
    """
    columns = (TextColumn("reading"), BarColumn(), MofNCompleteColumn(), TextColumn("rows"), TimeRemainingColumn())
    # Transient: the tables take its place.
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("reading", total=rows)
        yield lambda reading: bar.update(task, completed=reading.rows)
