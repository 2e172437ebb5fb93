"""The plot of a benchmark: the times of all over xent's, one panel a workload, one row a case."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, LogLocator

from xent.bench import FLOORS, WORKLOADS, XENT, Measurement, Workload, write_atomically
from xent.report.colours import BLUE, GREY, VERMILION

OF_CONTESTANT = {"torch": BLUE, "compile": VERMILION, "read": GREY, "copy": GREY}
MARKERS = {"torch": "o", "compile": "s", "read": "|", "copy": "x"}
TITLES = {
    "torch": "torch",
    "compile": "torch.compile",
    "read": "floor: one read of the logits",
    "copy": "floor: one copy of them",
}
INCHES_A_CASE = 0.26


def write_ratio_plots(measurements: Sequence[Measurement], out: Path) -> None:
    """Write ratios-<memory>.png and .svg into ``out``, for each memory mode that was measured."""
    for mode in dict.fromkeys(measurement.memory for measurement in measurements):
        figure = ratio_figure([measurement for measurement in measurements if measurement.memory == mode])
        for kind in ("png", "svg"):
            content = io.BytesIO()
            figure.savefig(content, format=kind, dpi=160)
            write_atomically(out / f"ratios-{mode}.{kind}", content.getvalue())


def ratio_figure(measurements: Sequence[Measurement]) -> Figure:
    """Medians of the ratios, with bars from the lower to the upper quartile; measurements of one memory mode."""
    height = 1.6 + INCHES_A_CASE * len(measurements)
    # Made without pyplot, whose current figure and backend are global.
    figure = Figure(figsize=(14, max(3.2, height)), layout=ConstrainedLayoutEngine(wspace=0.03))
    panels = figure.subplots(1, len(WORKLOADS), sharex=True, sharey=True, squeeze=False).flat
    for axes, workload in zip(panels, WORKLOADS.values(), strict=True):
        _panel(axes, workload, measurements)
    names = [measurement.case.name for measurement in measurements]
    panels[0].set_yticks(range(len(names)), names)
    panels[0].set_ylim(len(names) - 0.5, -0.5)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False, fontsize=9)
    memory = "already mapped" if measurements[0].memory == "mapped" else "fresh"
    title = f"Time as a multiple of xent's, median and quartiles; right of 1 xent is faster. Memory {memory}"
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def _panel(axes: Axes, workload: Workload, measurements: Sequence[Measurement]) -> None:
    contestants = [name for name in measurements[0].contestants() if name != XENT]
    for name in contestants:
        ratios = [measurement.ratio(workload.name, name) for measurement in measurements]
        median = np.array([ratio.median for ratio in ratios])
        low, high = (np.array([getattr(ratio, end) for ratio in ratios]) for end in ("low", "high"))
        floor = name in FLOORS
        axes.errorbar(
            median,
            np.arange(len(ratios)) + {"torch": -0.15, "compile": 0.15}.get(name, 0.0),
            # The median of few rounds may coincide with a quartile up to rounding.
            xerr=np.maximum(0.0, np.stack([median - low, high - median])),
            fmt=MARKERS[name],
            color=OF_CONTESTANT[name],
            markersize=5,
            elinewidth=0 if floor else 1.6,
            label=TITLES[name],
        )
    axes.axvline(1.0, color="black", linewidth=1)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(numticks=6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}x"))
    axes.grid(axis="both", color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=9)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_title(workload.title, loc="left", fontsize=10)
