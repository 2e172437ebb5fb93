"""Values of the classes from head to tail: shares of loss and gradient, recall."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource
from bokeh.models.annotations import Legend, LegendItem
from bokeh.plotting import figure

from xent.report.page.audit.words import percent
from xent.report.page.canvas import FONT, add_hover, canvas, in_percent, name_classes
from xent.report.page.classes import Classes

MUTED = 0.08


@dataclass(frozen=True)
class Line:
    """One value of every class.

    Attributes:
        name: What it is.
        values: At each point, (points,); nan leaves a gap.
        colour: As #rrggbb.
        dash: Bokeh's name of the line's dashes.
    """

    name: str
    values: np.ndarray
    colour: str
    dash: str = "solid"


def by_class_plot(classes: Classes, title: str, lines: tuple[Line, ...], whole: bool = False) -> figure:
    """Lines from head to tail, with a legend that mutes them; the first is drawn on top.

    Args:
        classes: Whose values they are.
        title: Of the vertical axis.
        lines: What is drawn.
        whole: Whether the axis goes from 0% to 100% whatever the values.
    """
    limits: dict[str, Any] = {"y_range": (-0.03, 1.03)} if whole else {}
    plot = canvas("class", title, **limits)
    source = ColumnDataSource(
        {"x": np.arange(len(classes.labels)), "class": classes.labels, "rows": classes.rows}
        | {f"y{index}": line.values for index, line in enumerate(lines)}
        | {f"text{index}": [percent(value) for value in line.values] for index, line in enumerate(lines)}
    )
    items: list[LegendItem] = []
    for index, line in reversed(list(enumerate(lines))):
        drawn: Any = plot.line(
            "x",
            f"y{index}",
            source=source,
            line_color=line.colour,
            line_dash=line.dash,
            line_width=2.5,
            muted_alpha=MUTED,
        )
        points: Any = plot.scatter("x", f"y{index}", source=source, size=8, color=line.colour, muted_alpha=MUTED)
        items.insert(0, LegendItem(label=line.name, renderers=[drawn, points]))
    values = "".join(f"<br>{line.name} <b>@text{index}</b>" for index, line in enumerate(lines))
    add_hover(plot, points, f"@class, {classes.counted} @rows{values}", mode="vline")
    _add_legend(plot, items)
    in_percent(plot.yaxis)
    name_classes(plot, classes)
    return plot


def _add_legend(plot: figure, items: list[LegendItem]) -> None:
    legend = Legend(
        items=items,
        orientation="horizontal",
        click_policy="mute",
        label_text_font=FONT,
        label_text_font_size="14px",
        background_fill_alpha=0,
        border_line_alpha=0,
        inactive_fill_alpha=0,
        spacing=14,
    )
    plot.add_layout(legend, "above")
