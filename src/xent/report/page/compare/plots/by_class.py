"""A measure of every class, from head to tail: recall or average precision."""

from collections.abc import Callable

import numpy as np
from bokeh.plotting import figure

from xent.compare import Results, Run
from xent.compare.results import mean_over_seeds
from xent.report.page.canvas import add_hover, canvas, in_percent, name_classes
from xent.report.page.classes import Classes
from xent.report.page.compare.plots.by_loss import BY_CLASS, Palette, Series, add_lines, add_points, add_ranges

TOOLTIP = "<b>@loss</b>, @class (@rows training rows): <b>@y{0.0%}</b>, seeds from @low{0.0%} to @high{0.0%}"


def by_class_plot(
    results: Results, classes: Classes, palette: Palette, title: str, measured: Callable[[Run], np.ndarray]
) -> figure:
    """Mean and range over the seeds.

    Args:
        results: The runs.
        classes: Their classes.
        palette: The colours of the losses.
        title: What is measured, for the vertical axis.
        measured: From a run to the fraction of every class, (C,); nan where there is none.
    """
    series = {
        loss: _series(classes, np.stack([measured(run) for run in results.of_loss(loss)])) for loss in results.losses
    }
    plot = canvas("class", title, y_range=(-0.03, 1.03))
    if results.seeds > 1:
        add_ranges(plot, palette, series)
    add_lines(plot, palette, series)
    add_hover(plot, add_points(plot, palette, series, tags=[BY_CLASS]), TOOLTIP)
    in_percent(plot.yaxis)
    name_classes(plot, classes)
    return plot


def _series(classes: Classes, values: np.ndarray) -> Series:
    """Of one loss, from its fractions by seed and class, (seeds, C)."""
    by_seed = classes.mean(values)
    known = np.ma.masked_invalid(by_seed)
    return Series(
        x=np.arange(by_seed.shape[1]),
        y=mean_over_seeds(by_seed),
        low=known.min(axis=0).filled(np.nan),
        high=known.max(axis=0).filled(np.nan),
    )
