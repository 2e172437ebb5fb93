"""The look of every table in the terminal."""

from rich.box import SIMPLE_HEAD
from rich.table import Table


def titled_table(title: str, space: int = 2) -> Table:
    """A table without frame, its columns ``space`` characters apart."""
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        # The box adds one space of its own.
        padding=(0, space - 1, 0, 0),
    )
