"""Which classes make the loss and the gradient, before and after training."""

import numpy as np
from bokeh.plotting import figure

from xent.compare import Results
from xent.compare.results import mean_over_seeds
from xent.report.page.canvas import add_hover, add_reference, canvas, fitted, in_percent, name_classes
from xent.report.page.classes import Classes
from xent.report.page.compare.plots.by_loss import BY_CLASS, Palette, Series, add_lines, add_points

MOMENTS = ("before training", "after training")
KINDS = ("loss", "gradient")
# What the dashed line counts.
ROWS = {"single-label": "training rows", "multi-label": "positives"}
# Characters of the classes' names that fit under a plot of half the page's width.
ROOM = 45


def share_plots(results: Results, classes: Classes, palette: Palette) -> tuple[figure, ...]:
    """Share of every class by loss: two rows, of loss and gradient; two columns, before and after training."""
    plots = [_share_plot(results, classes, palette, kind, moment) for kind in KINDS for moment, _ in enumerate(MOMENTS)]
    heights = fitted()
    for plot in plots:
        plot.x_range, plot.y_range = plots[0].x_range, heights
    return tuple(plots)


def _share_plot(results: Results, classes: Classes, palette: Palette, kind: str, moment: int) -> figure:
    series = {loss: _series(results, classes, loss, kind, moment) for loss in results.losses}
    plot = canvas("class", f"share of the {kind}", title=f"{kind}, {MOMENTS[moment]}", height=330)
    add_reference(plot, np.arange(len(classes.prior)), classes.prior)
    add_lines(plot, palette, series, width=2)
    points = add_points(plot, palette, series, size=7, tags=[BY_CLASS])
    add_hover(
        plot, points, f"<b>@loss</b>, @class: <b>@y{{0.0%}}</b> of the {kind}, @prior{{0.0%}} of the training rows"
    )
    in_percent(plot.yaxis)
    name_classes(plot, classes, ROOM)
    return plot


def _series(results: Results, classes: Classes, loss: str, kind: str, moment: int) -> Series:
    by_seed = np.stack([getattr(run.shares, kind)[moment] for run in results.of_loss(loss)])
    share = classes.total(mean_over_seeds(by_seed))
    return Series(np.arange(len(share)), share, columns={"prior": classes.prior})
