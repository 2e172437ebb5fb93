"""The page put together: verdict, plots, tables and code in one file."""

from pathlib import Path
from typing import Any

from xent.audit import Audit
from xent.jobs import write_atomically
from xent.report.page.audit import headline, tables
from xent.report.page.audit.classes import listed, which_listed
from xent.report.page.audit.plots.reliability import NAME as RELIABILITY
from xent.report.page.audit.plots.reliability import curve_of_all, curve_of_class
from xent.report.page.audit.sections import sections
from xent.report.page.classes import short
from xent.report.page.document import document


def write_audit_page(audit: Audit, out: Path) -> None:
    """Write report.html into ``out``, which exists."""
    # A name from somebody's file may hold half a surrogate pair.
    write_atomically(out / "report.html", page_html(audit).encode(errors="replace"))


def page_html(audit: Audit) -> str:
    """The page as text. Whatever the names in the audit hold is shown and never run."""
    parts = {section.name: section for section in sections(audit)}
    curves = _curves(audit)
    return document(
        "audit",
        {element: plot for part in parts.values() for element, plot in part.elements.items()},
        {"reliability": RELIABILITY, "curves": [curve for _, curve in curves]},
        audit=audit,
        sections=parts,
        curves=[name for name, _ in curves],
        read=headline.read(audit),
        tiles=list(headline.tiles(audit)),
        verdict=headline.verdict(audit),
        worst=headline.worst(audit),
        without_prior=_without_prior(audit),
        which_listed=which_listed(audit),
        which_corrected=which_listed(audit, tables.MOST_CORRECTED),
        **_tables(audit),
    )


def _tables(audit: Audit) -> dict[str, Any]:
    return {
        "losses": tables.loss_table(audit),
        "parts": None if audit.parts is None else tables.parts_table(audit.parts),
        "prior": None if audit.prior is None else tables.prior_table(audit.prior),
        "classes": tables.class_table(audit),
        "corrections": tables.correction_table(audit),
        "suspects": tables.suspect_table(audit),
        "likely": sum(suspect.likely for suspect in audit.suspects),
    }


def _curves(audit: Audit) -> list[tuple[str, dict[str, list[float]]]]:
    """The reliability of all classes, and of those that are listed and predicted at all, each with its name."""
    of_classes = [(short(one.name), curve_of_class(audit.reliability, one.number)) for one in listed(audit)]
    return [("all classes", curve_of_all(audit.reliability)), *(one for one in of_classes if one[1]["x"])]


def _without_prior(audit: Audit) -> str:
    """Why nothing is said of the training prior."""
    if audit.source.multi_label:
        return "Every class is a question of its own here: its prior is a bias of its own, in the table of the classes."
    if not audit.source.training_counts:
        return "That takes the training rows of every class: give them with --counts."
    return "The training rows of the classes differ too little to tell, or there are too few rows to fit anything to."
