"""The class bias on the log prior: whether what the training knew of the classes' frequency is still inside."""

import numpy as np
from bokeh.plotting import figure

from xent.audit import Audit, PriorInside
from xent.report.colours import BLUE, VERMILION
from xent.report.page.audit.plots.points import add_class_points, drawn
from xent.report.page.canvas import add_reference, canvas


def prior_plot(audit: Audit, prior: PriorInside) -> figure:
    """Bias by -log prior, a point each class; the line has slope tau, and its band the ends of the interval."""
    surprise, bias = -prior.log_prior.numpy(), prior.bias.numpy()
    known = np.isfinite(surprise)
    classes = tuple(one for one in drawn(audit) if known[one.number])
    plot = canvas("-log prior of the training, nats", "class bias that the logits lack, nats", height=440)
    middle = np.array([surprise[known].mean(), bias[known].mean()])
    ends = np.array([surprise[known].min(), surprise[known].max()])
    tau = prior.tau
    low, line, high = (middle[1] + slope * (ends - middle[0]) for slope in (tau.low, tau.value, tau.high))
    add_reference(plot, ends, np.full(2, middle[1]))
    outline = [ends[0], ends[1], ends[1], ends[0]]
    plot.patch(outline, [low[0], high[1], low[1], high[0]], fill_color=BLUE, fill_alpha=0.12, line_alpha=0)
    plot.line(ends, line, line_color=VERMILION, line_width=2.5)
    index = np.array([one.number for one in classes])
    add_class_points(
        plot,
        classes,
        surprise[index],
        bias[index],
        "training rows",
        "-log prior @x{0.00}, bias <b>@y{+0.00}</b> nats",
    )
    return plot
