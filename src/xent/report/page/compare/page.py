"""The page put together: findings, plots, settings and code in one file."""

from pathlib import Path
from typing import Any

from xent.compare import Results, write_atomically
from xent.compare.comparison import Comparison
from xent.report import numbers
from xent.report.colours import GREY
from xent.report.numbers import axis_title
from xent.report.page.canvas import FITTED
from xent.report.page.classes import Classes
from xent.report.page.compare import headline
from xent.report.page.compare.classes import classes_of
from xent.report.page.compare.looks import Look, baseline_and_best, looks_of
from xent.report.page.compare.plots.by_loss import BY_CLASS, BY_LOSS, Palette
from xent.report.page.compare.plots.trade_off import NAME as TRADE_OFF
from xent.report.page.compare.sections import sections
from xent.report.page.document import document
from xent.report.terminal import findings


def write_page(comparison: Comparison, results: Results, out: Path) -> None:
    """Write report.html into ``out``."""
    write_atomically(out / "report.html", page_html(comparison, results).encode())


def page_html(comparison: Comparison, results: Results) -> str:
    """The page as text. Whatever the names in the results hold is shown and never run."""
    looks = looks_of(results)
    classes = classes_of(results)
    parts = sections(results, classes, Palette(looks))
    return document(
        "compare",
        {element: plot for part in parts for element, plot in part.elements.items()},
        _content(results, classes, looks),
        data=comparison.data.name,
        sections=parts,
        looks=looks,
        seeds=results.seeds,
        **_findings(comparison, results, {look.loss: look for look in looks}),
        **_how_it_was_made(comparison),
    )


def _content(results: Results, classes: Classes, looks: tuple[Look, ...]) -> dict[str, Any]:
    """What the page's script works with."""
    return {
        "looks": [{"loss": look.loss, "colour": look.colour, "shown": look.shown} for look in looks],
        "best": sorted(baseline_and_best(results)),
        "grey": GREY,
        "by_loss": BY_LOSS,
        "by_class": BY_CLASS,
        "classes": {"class": classes.labels, "rows": classes.rows},
        "trade_off": TRADE_OFF,
        "fitted": FITTED,
        "axis_titles": {key: axis_title(measure) for key, measure in results.measures.items()},
    }


def _findings(comparison: Comparison, results: Results, looks: dict[str, Look]) -> dict[str, Any]:
    wins = headline.wins(results, looks)
    return {
        "main": wins[list(results.winners).index(results.main.key)],
        "findings": list(findings(results)),
        "measures": list(results.measures.values()),
        "units": {key: numbers.unit(measure) for key, measure in results.measures.items()},
        "rows": headline.rows(comparison, results, looks),
        "wins": wins,
    }


def _how_it_was_made(comparison: Comparison) -> dict[str, Any]:
    return {
        "settings": {**comparison.common(), "seeds": comparison.seeds},
        "candidates": comparison.candidates,
    }
