"""How often what the models state with some probability comes true: one curve a loss."""

import numpy as np
import torch
from bokeh.plotting import figure

from xent.compare import Results, Run
from xent.compare.metrics import CALIBRATION_BINS
from xent.report.page.canvas import add_hover, add_reference, canvas, in_percent
from xent.report.page.compare.plots.by_loss import Palette, Series, add_lines, add_points

# Screen units; the area of a point is in proportion to its share of the answers.
SMALLEST, LARGEST = 4.0, 26.0

AXES = {
    "single-label": ("probability of the predicted class", "share that is right"),
    "multi-label": ("probability of yes", "share that is yes"),
}


def reliability_plot(results: Results, palette: Palette) -> figure:
    """Frequency by stated probability, over the test rows of all seeds."""
    across, up = AXES[results.task]
    series = {loss: _reliability(results.of_loss(loss)) for loss in results.losses}
    plot = canvas(across, up, height=460, x_range=(-0.02, 1.02), y_range=(-0.03, 1.03))
    add_reference(plot, np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    add_lines(plot, palette, series, width=1.8)
    points = add_points(plot, palette, series, size="size")
    add_hover(plot, points, f"<b>@loss</b>: {across} <b>@x{{0.0%}}</b>, {up} <b>@y{{0.0%}}</b>; @share{{0.0%}} of all")
    in_percent(plot.xaxis, plot.yaxis)
    return plot


def _reliability(runs: list[Run]) -> Series:
    """The curve of one loss, in the bins of the calibration error: (lower, upper], of equal width."""
    stated, came_true = (np.concatenate(parts) for parts in zip(*map(_answers, runs), strict=True))
    bin_of_answer = np.ceil(stated * CALIBRATION_BINS).astype(int)
    answers = np.bincount(bin_of_answer)
    filled = np.flatnonzero(answers)
    share = answers[filled] / len(stated)
    return Series(
        x=np.bincount(bin_of_answer, weights=stated)[filled] / answers[filled],
        y=np.bincount(bin_of_answer, weights=came_true)[filled] / answers[filled],
        columns={"share": share, "size": np.maximum(SMALLEST, LARGEST * np.sqrt(share))},
    )


def _answers(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """The probabilities stated, and whether it is so: of each row's predicted class, or of every element."""
    logits = torch.from_numpy(run.logits).double()
    if run.task == "multi-label":
        return logits.sigmoid().numpy().ravel(), run.target.ravel()
    confidence, predicted = logits.softmax(dim=1).max(dim=1)
    return confidence.numpy(), predicted.numpy() == run.target
