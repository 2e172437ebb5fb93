"""The plot of a comparison: recall from head to tail, one panel a loss, the plain loss behind each.

Where rows may have several classes, it is the average precision that is shown.
"""

import io
import math
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import PercentFormatter

from xent.compare import Results, Task, mean_over_seeds, write_atomically
from xent.report import numbers
from xent.report.colours import COLOURS, GREY

PANELS_A_ROW = 3
# Counts of more classes than this are written upright, and of more than the second number not every one.
LEVEL_TICKS, MOST_TICKS = 12, 30

SHOWN: dict[Task, str] = {"single-label": "recall", "multi-label": "average precision"}
# What stands in the corner of a panel.
CORNER: dict[Task, tuple[str, str]] = {
    "single-label": ("tail", "recall_tail"),
    "multi-label": ("mAP", "mean_average_precision"),
}


def plot_name(task: Task) -> str:
    """The plot's files are called this, with .png and .svg."""
    return SHOWN[task].replace(" ", "_")


def write_plot(results: Results, out: Path) -> None:
    """Write recall.png and recall.svg, or average_precision.png and .svg, into ``out``."""
    figure = by_class_figure(results)
    for kind in ("png", "svg"):
        content = io.BytesIO()
        figure.savefig(content, format=kind, dpi=160)
        write_atomically(out / f"{plot_name(results.task)}.{kind}", content.getvalue())


def by_class_figure(results: Results) -> Figure:
    """Recall of every class from head to tail: the mean, and the range from the lowest to the highest seed."""
    losses = [loss for loss in results.losses if loss != results.baseline] or [results.baseline]
    columns = min(PANELS_A_ROW, len(losses))
    rows = math.ceil(len(losses) / columns)
    layout = ConstrainedLayoutEngine(wspace=0.05, hspace=0.05)
    # Made without pyplot, whose current figure and backend are global.
    figure = Figure(figsize=(1.0 + 3.5 * columns, 1.3 + 2.5 * rows), layout=layout)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flat
    for index, axes in enumerate(grid):
        if index >= len(losses):
            axes.set_axis_off()
            continue
        _panel(axes, results, losses[index], COLOURS[index % len(COLOURS)])
        axes.tick_params(labelbottom=index + columns >= len(losses))
    _name_baseline(grid[0], results)
    figure.suptitle(_heading(results), x=0.01, ha="left", fontsize=11)
    figure.supxlabel("training rows of the class, from head to tail", fontsize=10)
    figure.supylabel(f"{SHOWN[results.task]} on the test rows", fontsize=10)
    return figure


def _panel(axes: Axes, results: Results, loss: str, colour: str) -> None:
    _line_and_range(axes, results.by_class_from_head(results.baseline), GREY)
    if loss != results.baseline:
        _line_and_range(axes, results.by_class_from_head(loss), colour)
    _ticks(axes, sorted(results.runs[0].counts.tolist(), reverse=True))
    axes.set_ylim(-0.03, 1.03)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.8)
    axes.tick_params(length=0, labelsize=9)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_title(loss, loc="left", color=colour, fontweight="bold", fontsize=11)
    word, key = CORNER[results.task]
    if key in results.measures:
        value = numbers.spread(results.measures[key], results.spread(loss, key))
        axes.set_title(f"{word} {value}%", loc="right", fontsize=9)


def _ticks(axes: Axes, counts: list[int]) -> None:
    step = math.ceil(len(counts) / MOST_TICKS)
    upright = 90.0 if len(counts) > LEVEL_TICKS else 0.0
    axes.set_xticks(range(0, len(counts), step), [str(count) for count in counts[::step]], rotation=upright)


def _line_and_range(axes: Axes, of_seeds: np.ndarray, colour: str) -> None:
    """Of (seeds, C) values; a class that has none in any seed is a gap."""
    x, there = np.arange(of_seeds.shape[1]), np.ma.masked_invalid(of_seeds)
    axes.fill_between(x, there.min(axis=0), there.max(axis=0), color=colour, alpha=0.18, linewidth=0)
    axes.plot(x, mean_over_seeds(of_seeds), color=colour, linewidth=2, marker="o", markersize=3.5)


def _name_baseline(axes: Axes, results: Results) -> None:
    means = mean_over_seeds(results.by_class_from_head(results.baseline))
    last = int(np.flatnonzero(~np.isnan(means))[-1])
    axes.annotate(
        results.baseline,
        xy=(last, means[last]),
        xytext=(0, -7),
        textcoords="offset points",
        ha="center",
        va="top",
        color=GREY,
        fontsize=9,
    )


def _heading(results: Results) -> str:
    seeds = "one seed" if results.seeds == 1 else f"mean and range of {results.seeds} seeds"
    shown = SHOWN[results.task].capitalize()
    return f"{shown} from head to tail by loss: {seeds}; grey: the plain loss ({results.baseline})"
