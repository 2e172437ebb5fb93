"""The cross entropy beside what would be had without a model."""

import math

from bokeh.models import ColumnDataSource, LinearAxis, Range1d
from bokeh.plotting import figure

from xent.audit import Loss
from xent.audit.results import bits
from xent.report.colours import BLUE, GREY
from xent.report.page.audit.plots.bars import add_bars, bar_canvas
from xent.report.page.audit.words import number
from xent.report.page.canvas import add_hover, style_axis

PREDICTIONS, POSSIBLE = "of the predictions", "without impossible labels"
LABELS, TRAINING = "of the labels' frequency, H(Y)", "of the training's frequency"
# Beyond the longest bar.
MARGIN = 1.06


def losses(loss: Loss) -> dict[str, float]:
    """What there is, in nats, by what it is of."""
    found = {
        PREDICTIONS: loss.nll,
        POSSIBLE: loss.nll_possible if loss.impossible else None,
        LABELS: loss.label_entropy,
        TRAINING: loss.training_prior,
    }
    return {name: nats for name, nats in found.items() if nats is not None}


def loss_plot(loss: Loss) -> figure:
    """A bar each, in nats below and bits above. What is infinite has none."""
    nats = {name: value for name, value in losses(loss).items() if math.isfinite(value)}
    end = MARGIN * max(nats.values(), default=1.0) or 1.0
    plot = bar_canvas(list(nats), "cross entropy, nats", x_range=Range1d(start=0, end=end))
    plot.extra_x_ranges = {"bits": Range1d(start=0, end=bits(end))}
    above = LinearAxis(x_range_name="bits", axis_label="bits")
    style_axis(above)
    plot.add_layout(above, "above")
    source = ColumnDataSource(
        {
            "name": list(nats),
            "value": list(nats.values()),
            "bits": [bits(value) for value in nats.values()],
            "perplexity": [perplexity(value) for value in nats.values()],
            "colour": [BLUE if name in (PREDICTIONS, POSSIBLE) else GREY for name in nats],
        }
    )
    add_hover(
        plot,
        add_bars(plot, source),
        "@name: <b>@value{0.0000} nats</b>, @bits{0.0000} bits, perplexity @perplexity",
    )
    return plot


def perplexity(nats: float) -> str:
    """Exp of it: among how many equally likely classes it is as hard to choose."""
    # Beyond it exp has no float64.
    return number(math.exp(nats), 2) if nats < math.log(1e6) else f"e^{nats:.0f}"
