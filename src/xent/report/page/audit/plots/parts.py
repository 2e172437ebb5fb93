"""The parts of the cross entropy, with their intervals."""

from bokeh.models import ColumnDataSource
from bokeh.plotting import figure

from xent.audit import Decomposition, Interval
from xent.report.colours import BLUE, GREY, ORANGE, VERMILION
from xent.report.page.audit.plots.bars import add_bars, bar_canvas
from xent.report.page.audit.words import interval, percent
from xent.report.page.canvas import add_hover

COLOURS = (BLUE, VERMILION, ORANGE)


def parts_of(parts: Decomposition) -> dict[str, Interval]:
    """By name."""
    return {"refinement": parts.refinement, "class bias": parts.bias, "temperature": parts.temperature}


def share(part: Interval, total: Interval) -> str:
    """Of the whole."""
    return percent(part.value / total.value if total.value else None)


def parts_plot(parts: Decomposition) -> figure:
    """A bar each, with a line from the lower to the upper end of its interval."""
    found = parts_of(parts)
    plot = bar_canvas(list(found), "nats")
    source = ColumnDataSource(
        {
            "name": list(found),
            "value": [part.value for part in found.values()],
            "low": [part.low for part in found.values()],
            "high": [part.high for part in found.values()],
            "range": [interval(part) for part in found.values()],
            "share": [share(part, parts.total) for part in found.values()],
            "colour": list(COLOURS),
        }
    )
    bars = add_bars(plot, source)
    plot.segment("low", "name", "high", "name", source=source, line_color=GREY, line_width=2.5)
    add_hover(plot, bars, "@name: <b>@value{0.000} nats</b>, 95% @range; @share of the cross entropy")
    return plot
