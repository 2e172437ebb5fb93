"""The plots of the page, each under its title with the sentence that says how to read it."""

import numpy as np

from xent.compare import Results, Run
from xent.report.page.classes import Classes
from xent.report.page.compare.plots.by_class import by_class_plot
from xent.report.page.compare.plots.by_loss import Palette
from xent.report.page.compare.plots.reliability import reliability_plot
from xent.report.page.compare.plots.shares import ROWS, share_plots
from xent.report.page.compare.plots.thresholds import threshold_plots
from xent.report.page.compare.plots.trade_off import AXES, NAME, trade_off_plot
from xent.report.page.section import Section


def sections(results: Results, classes: Classes, palette: Palette) -> list[Section]:
    """All sections that the results have something to show in."""
    if results.task == "multi-label":
        return [
            _average_precision(results, classes, palette),
            _thresholds(results, palette),
            _trade_off(results, palette),
            _reliability(results, palette),
            _shares(results, classes, palette),
        ]
    return [
        _recall(results, classes, palette),
        _trade_off(results, palette),
        _reliability(results, palette),
        _shares(results, classes, palette),
    ]


def _recall(results: Results, classes: Classes, palette: Palette) -> Section:
    return Section(
        "recall",
        "Which classes are found",
        "Frequent classes are on the left, rare ones on the right. A line that stays high on the right finds the rare "
        f"classes too; one that drops gives them up for the frequent. {_lines(results, classes)}",
        (by_class_plot(results, classes, palette, "recall on the test rows", lambda run: run.by_class),),
    )


def _average_precision(results: Results, classes: Classes, palette: Palette) -> Section:
    return Section(
        "by-class",
        "Which classes are found",
        "Frequent classes are on the left, rare ones on the right. Average precision asks whether the rows of a class "
        "come first when all are sorted by its logit; recall, how many of them get a probability above .5. "
        f"{_lines(results, classes)}",
        (
            by_class_plot(results, classes, palette, "average precision", lambda run: run.by_class),
            by_class_plot(results, classes, palette, "recall at threshold .5", _recall_at_half),
        ),
    )


def _thresholds(results: Results, palette: Palette) -> Section:
    return Section(
        "thresholds",
        "From which probability on is the answer yes?",
        "Of all answers of all classes together. Further right fewer answers are yes: precision rises, recall falls, "
        "and F1 has its top where both are in balance. A loss whose top is far from 50% needs a threshold of its own.",
        threshold_plots(results, palette),
        columns=3,
    )


def _trade_off(results: Results, palette: Palette) -> Section:
    across, up = AXES[results.task]
    return Section(
        NAME,
        "What it buys, and what it costs",
        f"Up, {results.measures[up].title}: every class counts alike. To the right, {results.measures[across].title}: "
        "frequent classes count most. Large points are means and small ones seeds; where they mix, a lead may be "
        "chance. Other measures can be chosen.",
        (trade_off_plot(results, palette),),
        choices=(("across", across), ("up", up)),
    )


def _reliability(results: Results, palette: Palette) -> Section:
    if results.task == "multi-label":
        line = "On the dashed line, 80 of 100 answers that are given a probability of 80% are yes."
        sides = "Below it yes is stated with too much probability, above it with too little."
    else:
        line = "On the dashed line, a model that is 80% sure is right in 80 of 100 rows."
        sides = "Below it the model is too sure of itself, above it too modest."
    return Section(
        "reliability",
        "Can the probabilities be believed?",
        f"{line} {sides} The larger a point, the more answers; the calibration error in the table is the mean "
        "distance to the line.",
        (reliability_plot(results, palette),),
    )


def _shares(results: Results, classes: Classes, palette: Palette) -> Section:
    return Section(
        "shares",
        "Which classes the training listens to",
        "Each class's share of the summed loss, and of the summed size of the gradient in the logits. Dashed: its "
        f"share of the {ROWS[results.task]}. A loss above the dashed line on the right makes rare classes count for "
        "more than their number. A loss that is no sum over the classes has no line.",
        share_plots(results, classes, palette),
        columns=2,
    )


def _lines(results: Results, classes: Classes) -> str:
    lines = "" if results.seeds == 1 else f"Lines are means, bands the range of {results.seeds} seeds."
    return f"{lines} Neighbouring classes share a point." if classes.grouped else lines


def _recall_at_half(run: Run) -> np.ndarray:
    positive = run.target > 0
    found, rows = (positive & (run.logits > 0)).sum(axis=0), positive.sum(axis=0)
    recall: np.ndarray = np.where(rows > 0, found / np.maximum(rows, 1), np.nan)
    return recall
