"""Of indicators: precision, recall and F1 by the probability from which on the answer is yes."""

import numpy as np
from bokeh.plotting import figure

from xent.compare import Results, Run
from xent.compare.results import mean_over_seeds
from xent.report.page.canvas import add_hover, canvas, in_percent
from xent.report.page.compare.plots.by_loss import Palette, Series, add_lines, add_points, add_ranges

THRESHOLDS = np.linspace(0.02, 0.98, 49)
KINDS = ("precision", "recall", "F1")


def threshold_plots(results: Results, palette: Palette) -> tuple[figure, ...]:
    """One plot each of precision, recall and F1, of all elements together."""
    values = {loss: np.stack([_precision_recall_f1(run) for run in results.of_loss(loss)]) for loss in results.losses}
    return tuple(
        _threshold_plot(kind, {loss: of_loss[:, index] for loss, of_loss in values.items()}, palette)
        for index, kind in enumerate(KINDS)
    )


def _threshold_plot(kind: str, values: dict[str, np.ndarray], palette: Palette) -> figure:
    plot = canvas("threshold", kind, title=kind, height=330, x_range=(-0.02, 1.02), y_range=(-0.03, 1.03))
    series = {loss: _series(by_seed) for loss, by_seed in values.items()}
    if any(len(by_seed) > 1 for by_seed in values.values()):
        add_ranges(plot, palette, series)
    add_lines(plot, palette, series)
    points = add_points(plot, palette, series, size=4)
    add_hover(
        plot, points, f"<b>@loss</b> at @x{{0%}}: {kind} <b>@y{{0.0%}}</b>, seeds from @low{{0.0%}} to @high{{0.0%}}"
    )
    in_percent(plot.xaxis, plot.yaxis)
    return plot


def _series(by_seed: np.ndarray) -> Series:
    known = np.ma.masked_invalid(by_seed)
    return Series(
        THRESHOLDS,
        mean_over_seeds(by_seed),
        low=known.min(axis=0).filled(np.nan),
        high=known.max(axis=0).filled(np.nan),
    )


def _precision_recall_f1(run: Run) -> np.ndarray:
    """By threshold, (3, thresholds); precision is nan where no answer is yes."""
    cuts = np.log(THRESHOLDS / (1 - THRESHOLDS))
    predicted = _above(run.logits.ravel(), cuts)
    found = _above(run.logits[run.target > 0], cuts)
    positive = (run.target > 0).sum()
    precision = np.where(predicted > 0, found / np.maximum(predicted, 1), np.nan)
    return np.stack([precision, found / positive, 2 * found / (predicted + positive)])


def _above(logits: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """How many logits are above each of the cuts."""
    return len(logits) - np.searchsorted(np.sort(logits), cuts, side="right")
