"""The plot of a comparison: recall from head to tail, one panel a loss, plain cross entropy behind each."""

import io
import math
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import PercentFormatter

from xent.compare import MEASURES, Results, write_atomically
from xent.compare.candidates import BASELINE
from xent.report import numbers

# Okabe & Ito, 2008: told apart with any colour vision. Each loss has its own titled panel besides.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
GREY = "#767676"
PANELS_A_ROW = 3


def write_recall_plot(results: Results, out: Path) -> None:
    """Write recall.png and recall.svg into ``out``."""
    figure = recall_figure(results)
    for kind in ("png", "svg"):
        content = io.BytesIO()
        figure.savefig(content, format=kind, dpi=160)
        write_atomically(out / f"recall.{kind}", content.getvalue())


def recall_figure(results: Results) -> Figure:
    """Recall of every class from head to tail: the mean, and the range from the lowest to the highest seed."""
    losses = [loss for loss in results.losses if loss != BASELINE] or [BASELINE]
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
    figure.supylabel("recall on the test rows", fontsize=10)
    return figure


def _panel(axes: Axes, results: Results, loss: str, colour: str) -> None:
    _line_and_range(axes, results.recall_from_head(BASELINE), GREY)
    if loss != BASELINE:
        _line_and_range(axes, results.recall_from_head(loss), colour)
    counts = sorted(results.runs[0].counts.tolist(), reverse=True)
    axes.set_xticks(range(len(counts)), [str(count) for count in counts])
    axes.set_ylim(-0.03, 1.03)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.8)
    axes.tick_params(length=0, labelsize=9)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_title(loss, loc="left", color=colour, fontweight="bold", fontsize=11)
    tail = MEASURES["recall_tail"]
    axes.set_title(f"tail {numbers.spread(tail, results.spread(loss, tail.key))}%", loc="right", fontsize=9)


def _line_and_range(axes: Axes, recall: np.ndarray, colour: str) -> None:
    x = np.arange(recall.shape[1])
    axes.fill_between(x, recall.min(axis=0), recall.max(axis=0), color=colour, alpha=0.18, linewidth=0)
    axes.plot(x, recall.mean(axis=0), color=colour, linewidth=2, marker="o", markersize=3.5)


def _name_baseline(axes: Axes, results: Results) -> None:
    tail = results.recall_from_head(BASELINE).mean(axis=0)[-1]
    axes.annotate(
        BASELINE,
        xy=(results.recall_from_head(BASELINE).shape[1] - 1, tail),
        xytext=(0, -7),
        textcoords="offset points",
        ha="center",
        va="top",
        color=GREY,
        fontsize=9,
    )


def _heading(results: Results) -> str:
    seeds = "one seed" if results.seeds == 1 else f"mean and range of {results.seeds} seeds"
    return f"Recall from head to tail by loss: {seeds}; grey: plain cross entropy ({BASELINE})"
