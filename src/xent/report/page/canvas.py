"""What all plots have in common: size, fonts, tools, axes."""

import math
from typing import Any, Literal

import numpy as np
from bokeh.models import FixedTicker, HoverTool, NumeralTickFormatter, PlainText, Range1d
from bokeh.models.annotations import Title
from bokeh.plotting import figure

from xent.report.colours import GREY
from xent.report.page.classes import Classes, short

FONT = "system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', sans-serif"
# Names that are longer than this together do not fit beside one another under a plot of a laptop's width.
CHARACTERS_A_LINE = 100
MOST_TICKS = 30
# Longer ones, set slanted, would leave little of the plot.
LONGEST_SLANTED = 18
FITTED = "fitted"


def canvas(x_title: str, y_title: str, title: str | None = None, height: int = 400, **options: Any) -> figure:
    """An empty plot as wide as its place on the page. Its colours of text and grid are set by the page's script."""
    plot = figure(
        height=height,
        sizing_mode="stretch_width",
        # No zoom by the wheel: it would catch whoever scrolls the page.
        tools="pan,box_zoom,reset,save",
        active_drag="box_zoom",
        toolbar_location="above",
        background_fill_alpha=0,
        border_fill_alpha=0,
        outline_line_alpha=0,
        x_axis_label=x_title,
        y_axis_label=y_title,
        **options,
    )
    plot.toolbar.logo = None
    plot.toolbar.autohide = True
    plot.xgrid.grid_line_color = None
    for axis in plot.axis:
        style_axis(axis)
    if title is not None:
        plot.title = Title(text=title, text_font=FONT, text_font_size="15px")
    return plot


def style_axis(axis: Any) -> None:
    """The fonts of an axis, and no line along it."""
    axis.axis_label_text_font = axis.major_label_text_font = FONT
    axis.axis_label_text_font_size = "14px"
    axis.axis_label_text_font_style = "normal"
    axis.major_label_text_font_size = "13px"
    axis.minor_tick_line_color = None
    axis.axis_line_color = None


def fitted() -> Range1d:
    """A range that the page's script fits to what is shown."""
    return Range1d(tags=[FITTED])


def in_percent(*axes: Any) -> None:
    """Label fractions on these axes as percentages."""
    for axis in axes:
        axis.formatter = NumeralTickFormatter(format="0.[0]%")


def add_hover(
    plot: figure, renderer: Any, tooltips: str | list[tuple[str, str]], mode: Literal["mouse", "vline"] = "mouse"
) -> None:
    """Show values where the pointer is on a point of this renderer: a line, or a table of titles and values.

    With mode "vline" it is enough to be above or below the point.

    Bokeh escapes what it puts in the place of ``@column``, and nothing else: a line is never made of anybody's texts.
    """
    if isinstance(tooltips, str):
        tooltips = f'<div style="font: 13px {FONT}; white-space: nowrap">{tooltips}</div>'
    plot.add_tools(HoverTool(renderers=[renderer], tooltips=tooltips, mode=mode, point_policy="snap_to_data"))


def add_reference(plot: figure, x: np.ndarray, y: np.ndarray) -> None:
    """A dashed grey line to compare with."""
    plot.line(x, y, line_color=GREY, line_dash=[6, 4], line_width=1.5)


def name_classes(plot: figure, classes: Classes, room: int = CHARACTERS_A_LINE) -> None:
    """Name the classes under the plot, from head to tail, as many as there is room for; groups by their rank."""
    points = len(classes.labels)
    labelled = range(0, points, math.ceil(points / MOST_TICKS))
    ranks = [f"{group[0] + 1}" for group in classes.groups]
    names = {point: (ranks if classes.grouped else classes.labels)[point] for point in labelled}
    level = sum(len(name) + 2 for name in names.values()) <= room
    counted = level and not classes.grouped
    plot.xaxis.ticker = FixedTicker(ticks=list(labelled))
    # Plain text: a name with dollar signs is a name and not a formula.
    plot.xaxis.major_label_overrides = {
        point: PlainText(text=f"{name}\n{classes.rows[point]}" if counted else short(name, LONGEST_SLANTED))
        for point, name in names.items()
    }
    what = "rank of the class" if classes.grouped else "class"
    plot.xaxis.axis_label = f"{what}{f' and its {classes.counted}' if counted else ''}, from head to tail"
    if not level:
        plot.xaxis.major_label_orientation = math.pi / 4
