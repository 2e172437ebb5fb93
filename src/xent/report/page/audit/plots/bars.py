"""Bars that lie: one under the other, with their names on the left."""

from collections.abc import Sequence
from typing import Any

from bokeh.models import ColumnDataSource
from bokeh.plotting import figure

from xent.report.colours import GREY
from xent.report.page.canvas import canvas

# Screen units of a bar with its distance to the next, and of axes and toolbar.
EACH, AROUND = 46, 130


def bar_canvas(names: Sequence[str], title: str, **options: Any) -> figure:
    """An empty plot for bars of these names, the first on top."""
    plot = canvas(title, "", height=AROUND + EACH * len(names), y_range=list(reversed(names)), **options)
    plot.ygrid.grid_line_color = None
    # Of any colour: the page's script gives it that of the page.
    plot.xgrid.grid_line_color = GREY
    return plot


def add_bars(plot: figure, source: ColumnDataSource) -> Any:
    """Bars from 0 to the column ``value``, of the column ``colour``, at ``name``; returns their renderer."""
    return plot.hbar(
        y="name", right="value", height=0.62, fill_color="colour", fill_alpha=0.75, line_alpha=0, source=source
    )
