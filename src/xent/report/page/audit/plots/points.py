"""A point each class, as many as can be drawn."""

from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource
from bokeh.plotting import figure

from xent.audit import Audit, OfClass
from xent.report.colours import BLUE
from xent.report.page.audit.classes import count
from xent.report.page.canvas import add_hover
from xent.report.page.classes import short

# More would make the file large, and lie on top of one another.
MOST_POINTS = 500


def drawn(audit: Audit) -> tuple[OfClass, ...]:
    """The classes that are points: all, or of many as many as there may be, at equal distances from head to tail."""
    ordered = audit.head_to_tail()
    if len(ordered) <= MOST_POINTS:
        return ordered
    return tuple(ordered[k] for k in np.linspace(0, len(ordered) - 1, MOST_POINTS).round().astype(int))


def which_drawn(audit: Audit) -> str:
    """A sentence that says which, if not all."""
    classes = len(audit.classes)
    if classes <= MOST_POINTS:
        return ""
    return f"Of the {classes:,} classes {MOST_POINTS:,} are drawn, evenly from head to tail."


def add_class_points(
    plot: figure, classes: tuple[OfClass, ...], x: np.ndarray, y: np.ndarray, counted: str, values: str
) -> None:
    """A point each, with its class and its rows where the pointer is.

    Args:
        plot: Where to.
        classes: Whose points they are.
        x: (len(classes),).
        y: (len(classes),).
        counted: What is counted of the classes.
        values: What else the pointer shows.
    """
    columns: dict[str, Any] = {
        "x": x.astype(np.float32),
        "y": y.astype(np.float32),
        "class": [short(one.name) for one in classes],
        "rows": np.array([count(one) for one in classes], dtype=np.float32),
    }
    few = len(classes) <= 100
    points = plot.scatter(
        "x",
        "y",
        source=ColumnDataSource(columns),
        size=11 if few else 6,
        color=BLUE,
        line_alpha=0,
        fill_alpha=0.8 if few else 0.5,
    )
    add_hover(plot, points, f"<b>@class</b>, {counted} @rows{{0,0}}: {values}")
