"""Any measure against any other: one small point a seed, one large a loss."""

from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource
from bokeh.plotting import figure

from xent.compare import Results
from xent.report.numbers import axis_title, in_unit
from xent.report.page.canvas import add_hover, canvas, fitted
from xent.report.page.compare.plots.by_loss import BY_LOSS, Palette, view

# What is measured across and up: on the left rows count alike, and so frequent classes most; on the right classes do.
# Not accuracy: where the test rows are in balance it is balanced accuracy itself.
AXES = {
    "single-label": ("accuracy_at_training_prior", "balanced_accuracy"),
    "multi-label": ("f1_micro", "f1_macro"),
}
NAME = "trade-off"


SEED_SIZE, MEAN_SIZE = 8, 18
TOOLTIP = "<b>@loss</b>, @which: @x{0.00} across, @y{0.00} up"


def trade_off_plot(results: Results, palette: Palette) -> figure:
    """How well rows are done against how well classes are; the page's script can take other measures."""
    across, up = AXES[results.task]
    across_title, up_title = (axis_title(results.measures[key]) for key in (across, up))
    plot = canvas(across_title, up_title, height=430, name=NAME, x_range=fitted(), y_range=fitted())
    columns = _columns(results)
    points = plot.scatter(
        "x",
        "y",
        source=ColumnDataSource({**columns, "x": columns[across], "y": columns[up]}, tags=[NAME]),
        view=view(),
        marker=palette.marker,
        size="size",
        fill_color=palette.colour("point"),
        line_alpha=0,
        name=BY_LOSS,
    )
    add_hover(plot, points, TOOLTIP)
    return plot


def _columns(results: Results) -> dict[str, Any]:
    """A row a run, then a row a mean, so that means are drawn over seeds; in the units that people read."""
    runs = [run for loss in results.losses for run in results.of_loss(loss)] if results.seeds > 1 else []
    columns: dict[str, Any] = {
        "loss": [run.loss for run in runs] + list(results.losses),
        "which": [f"seed {run.seed}" for run in runs] + [_mean_of(results.seeds)] * len(results.losses),
        "size": [SEED_SIZE] * len(runs) + [MEAN_SIZE] * len(results.losses),
    }
    for key, measure in results.measures.items():
        means = [results.spread(loss, key).mean for loss in results.losses]
        columns[key] = in_unit(measure, np.array([*(run.measures[key] for run in runs), *means]))
    return columns


def _mean_of(seeds: int) -> str:
    return "one seed" if seeds == 1 else f"mean of {seeds} seeds"
