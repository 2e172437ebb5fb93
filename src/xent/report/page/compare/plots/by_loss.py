"""Lines, ranges and points of every loss in one plot: three renderers in all, however many losses.

Colours come from mappers that all plots share, so that the page shows or mutes a loss everywhere by changing their
palettes. The renderers have a name, by which the page finds them to filter out the losses that are hidden.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from bokeh.models import BooleanFilter, CategoricalColorMapper, CDSView, ColumnDataSource
from bokeh.plotting import figure
from bokeh.transform import factor_mark

from xent.report.page.compare.looks import Look

BY_LOSS = "by-loss"
# Tags points whose x is a place among the classes. The page's script adds the columns ``class`` and ``rows``: the same
# names for every loss, in every plot, would make up most of the file.
BY_CLASS = "by-class"


@dataclass(frozen=True)
class Series:
    """The line of one loss, (P,) each.

    Attributes:
        x: Where the points are.
        y: How high they are; NaN leaves a gap.
        low: Lower end of the range over the seeds, if there is one.
        high: Upper end of it.
        columns: What else the points show when the pointer is on them, or are drawn by.
    """

    x: np.ndarray
    y: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)


class Palette:
    """The colours of the losses, shared by all plots: one mapper for each kind of mark."""

    def __init__(self, looks: Sequence[Look]) -> None:
        self.looks = {look.loss: look for look in looks}
        losses, colours = list(self.looks), [look.colour for look in looks]
        self._mappers = {
            kind: CategoricalColorMapper(factors=losses, palette=colours, name=kind)
            for kind in ("line", "band", "point")
        }

    def colour(self, kind: str) -> Any:
        """The specification of a colour by loss; ``kind`` is line, band or point."""
        return {"field": "loss", "transform": self._mappers[kind]}

    @property
    def marker(self) -> Any:
        """The specification of a marker by loss."""
        return factor_mark("loss", [look.marker for look in self.looks.values()], list(self.looks))


def view() -> CDSView:
    """A view in which the page can hide losses."""
    return CDSView(filter=BooleanFilter())


def add_ranges(plot: figure, palette: Palette, series: Mapping[str, Series]) -> None:
    """The range over the seeds of every loss that has one, as a band."""
    ranges = {loss: one for loss, one in series.items() if one.low is not None and one.high is not None}
    if not ranges:
        return
    source = ColumnDataSource(
        {
            "loss": list(ranges),
            "xs": [_outline(one, one.x, one.x) for one in ranges.values()],
            "ys": [_outline(one, one.low, one.high) for one in ranges.values()],
        }
    )
    plot.patches("xs", "ys", source=source, view=view(), fill_color=palette.colour("band"), line_alpha=0, name=BY_LOSS)


def add_lines(plot: figure, palette: Palette, series: Mapping[str, Series], width: float = 2.5) -> None:
    """The line of every loss."""
    source = ColumnDataSource(
        {
            "loss": list(series),
            "xs": [one.x.astype(np.float32) for one in series.values()],
            "ys": [one.y.astype(np.float32) for one in series.values()],
            "dash": [palette.looks[loss].dash for loss in series],
        }
    )
    plot.multi_line(
        "xs",
        "ys",
        source=source,
        view=view(),
        line_color=palette.colour("line"),
        line_dash="dash",
        line_width=width,
        line_join="round",
        name=BY_LOSS,
    )


def add_points(
    plot: figure, palette: Palette, series: Mapping[str, Series], size: float | str = 8, tags: Sequence[str] = ()
) -> Any:
    """The points of every loss; returns their renderer, for what is to be shown when the pointer is on one."""
    columns: dict[str, Any] = {"loss": [loss for loss, one in series.items() for _ in one.x]}
    for name in ("x", "y", "low", "high"):
        parts = [getattr(one, name) for one in series.values()]
        if all(part is not None for part in parts):
            columns[name] = np.concatenate(parts).astype(np.float32)
    for name in next(iter(series.values())).columns:
        columns[name] = _joined([one.columns[name] for one in series.values()])
    return plot.scatter(
        "x",
        "y",
        source=ColumnDataSource(columns, tags=list(tags)),
        view=view(),
        marker=palette.marker,
        size=size,
        color=palette.colour("point"),
        name=BY_LOSS,
    )


def _outline(series: Series, there: Any, back: Any) -> np.ndarray:
    """Along one edge of the range and back along the other, where there is one."""
    known = ~np.isnan(series.y)
    return np.concatenate([there[known], back[known][::-1]]).astype(np.float32)


def _joined(parts: list[Any]) -> Any:
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts).astype(np.float32)
    return [value for part in parts for value in part]
