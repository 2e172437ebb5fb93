"""How frequent the classes are, and how frequent the predictions say they are."""

import numpy as np
from bokeh.plotting import figure

from xent.audit import Audit
from xent.report.page.audit.classes import classes_of
from xent.report.page.audit.plots.points import add_class_points, drawn
from xent.report.page.canvas import add_reference, canvas, in_percent

# Largest over smallest share from which on equal distances are equal factors.
FAR_APART = 20.0


def on_log_axes(audit: Audit) -> bool:
    """Whether the shares differ so much that few classes would be seen."""
    shares = _positive(audit)
    return bool(len(shares) and shares.max() / shares.min() > FAR_APART)


def marginals_plot(audit: Audit) -> figure:
    """Predicted share by label share, a point each class; on the dashed line they agree."""
    logarithmic = on_log_axes(audit)
    kind = "log" if logarithmic else "linear"
    plot = canvas("share of the labels", "mean predicted probability", height=440, x_axis_type=kind, y_axis_type=kind)
    shares = _positive(audit)
    ends = np.array([shares.min() if logarithmic else 0.0, shares.max()]) if len(shares) else np.array([0.0, 1.0])
    add_reference(plot, ends, ends)
    classes = tuple(one for one in drawn(audit) if not logarithmic or (one.label_share > 0 < one.predicted_share))
    add_class_points(
        plot,
        classes,
        np.array([one.label_share for one in classes]),
        np.array([one.predicted_share for one in classes]),
        classes_of(audit).counted,
        "<b>@x{0.00%}</b> of the labels, <b>@y{0.00%}</b> predicted",
    )
    in_percent(plot.xaxis, plot.yaxis)
    if logarithmic:
        for axis in (*plot.xaxis, *plot.yaxis):
            axis.formatter.format = "0.[0000]%"
    return plot


def _positive(audit: Audit) -> np.ndarray:
    shares = np.array([(one.label_share, one.predicted_share) for one in audit.classes])
    positive: np.ndarray = shares[shares > 0]
    return positive
