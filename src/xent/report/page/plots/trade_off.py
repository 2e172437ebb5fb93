"""Any measure against any other: one small point a seed, one large a loss."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource
from bokeh.plotting import figure

from xent.compare import Results
from xent.report import numbers
from xent.report.page.plots.by_loss import BY_LOSS, Palette, view
from xent.report.page.plots.canvas import add_hover, canvas, fitted
from xent.report.page.units import axis_title, in_unit

# What is measured across and up: on the left rows count alike, and so frequent classes most; on the right classes do.
# Not accuracy: where the test rows are in balance it is balanced accuracy itself.
AXES = {
    "single-label": ("accuracy_at_training_prior", "balanced_accuracy"),
    "multi-label": ("f1_micro", "f1_macro"),
}
NAME = "trade-off"


def trade_off_plot(results: Results, palette: Palette) -> figure:
    """How well rows are done against how well classes are; the page's script can take other measures."""
    across, up = AXES[results.task]
    across_title, up_title = (axis_title(results.measures[key]) for key in (across, up))
    plot = canvas(across_title, up_title, height=460, name=NAME, x_range=fitted(), y_range=fitted())
    every_seed = _columns(results, lambda values: values)
    every_seed["seed"] = [str(run.seed) for loss in results.losses for run in results.of_loss(loss)]
    means = _columns(results, lambda values: values.mean(keepdims=True))
    means["seed"] = [f"mean of {results.seeds}" for _ in results.losses]
    if results.seeds > 1:
        _add(plot, palette, results, every_seed, size=8, line_alpha=0)
    _add(plot, palette, results, means, size=18, line_alpha=0)
    return plot


def _columns(results: Results, gather: Callable[[np.ndarray], np.ndarray]) -> dict[str, Any]:
    """The measures of every loss, gathered over its seeds, in the units that people read."""
    columns: dict[str, Any] = {
        key: np.concatenate([in_unit(measure, gather(results.values(loss, key))) for loss in results.losses])
        for key, measure in results.measures.items()
    }
    across, up = AXES[results.task]
    points = len(columns[up]) // len(results.losses)
    columns["loss"] = [loss for loss in results.losses for _ in range(points)]
    return {**columns, "x": columns[across], "y": columns[up]}


def _add(plot: figure, palette: Palette, results: Results, columns: Mapping[str, Any], **style: Any) -> None:
    renderer = plot.scatter(
        "x",
        "y",
        source=ColumnDataSource(dict(columns), tags=[NAME]),
        view=view(),
        marker=palette.marker,
        fill_color=palette.colour("point"),
        name=BY_LOSS,
        **style,
    )
    values = [(item.title, f"@{key}{{0.00}} {numbers.unit(item)}") for key, item in results.measures.items()]
    add_hover(plot, renderer, [("loss", "@loss"), ("seed", "@seed"), *values])
