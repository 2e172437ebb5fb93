"""How often what is stated with some probability comes true: of all classes, or of one that is chosen."""

from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource
from bokeh.plotting import figure

from xent.audit import Audit, Reliability
from xent.report.colours import BLUE, GREY
from xent.report.page.canvas import add_hover, add_reference, canvas, in_percent

NAME = "reliability"

# Screen units; the area of a point is in proportion to its share of the answers.
SMALLEST, LARGEST = 5.0, 28.0

# Of the normal distribution, for 95%.
Z = 1.96

AXES = {
    False: ("probability of the predicted class", "share that is right"),
    True: ("probability of yes", "share that is yes"),
}


def curve_of_all(reliability: Reliability) -> dict[str, list[float]]:
    """Of all classes together."""
    return _curve(*(one.sum(0).double().numpy() for one in (reliability.rows, reliability.true, reliability.stated)))


def curve_of_class(reliability: Reliability, number: int) -> dict[str, list[float]]:
    """Of the rows that are predicted to be of a class (multi-label: of its elements)."""
    return _curve(*(one[number].double().numpy() for one in (reliability.rows, reliability.true, reliability.stated)))


def reliability_plot(audit: Audit) -> figure:
    """Of all classes; the page's script puts the curve of one in its place."""
    across, up = AXES[audit.source.multi_label]
    plot = canvas(across, up, height=460, x_range=(-0.02, 1.02), y_range=(-0.03, 1.03))
    add_reference(plot, np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    source = ColumnDataSource(curve_of_all(audit.reliability), tags=[NAME])
    plot.segment("x", "low", "x", "high", source=source, line_color=GREY, line_width=2, line_alpha=0.7)
    plot.line("x", "y", source=source, line_color=BLUE, line_width=2)
    points = plot.scatter("x", "y", source=source, size="size", color=BLUE, line_alpha=0, fill_alpha=0.85)
    add_hover(
        plot,
        points,
        f"{across} <b>@x{{0.0%}}</b>, {up} <b>@y{{0.0%}}</b> (95% @low{{0.0%}} to @high{{0.0%}}); @rows{{0,0}} of them",
    )
    in_percent(plot.xaxis, plot.yaxis)
    return plot


def _curve(rows: np.ndarray, true: np.ndarray, stated: np.ndarray) -> dict[str, list[float]]:
    """The bins that hold something: mean stated probability, frequency, and where that may lie."""
    filled = rows > 0
    rows, share, stated = rows[filled], true[filled] / rows[filled], stated[filled] / rows[filled]
    low, high = _wilson(share, rows)
    columns: dict[str, Any] = {
        "x": stated,
        "y": share,
        "low": low,
        "high": high,
        "size": np.maximum(SMALLEST, LARGEST * np.sqrt(rows / max(rows.sum(), 1))),
        "rows": rows,
    }
    return {name: column.round(4).tolist() for name, column in columns.items()}


def _wilson(share: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Interval of a frequency. Wilson, Probable inference, the law of succession, 1927."""
    middle = (share + Z**2 / (2 * rows)) / (1 + Z**2 / rows)
    half = Z * np.sqrt(share * (1 - share) / rows + Z**2 / (4 * rows**2)) / (1 + Z**2 / rows)
    return middle - half, middle + half
