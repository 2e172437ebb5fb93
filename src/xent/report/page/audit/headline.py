"""The first look: the verdict, the numbers that say most, and what was read."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from xent.audit import Audit
from xent.audit.results import bits
from xent.linter import Severity
from xent.report.page.audit.words import NONE, interval, number, percent

# Names of files that are listed.
MOST_PATHS = 3


@dataclass(frozen=True)
class Tile:
    """A number with its name, and what it is to be compared with."""

    title: str
    value: str
    beside: str


def verdict(audit: Audit) -> str:
    """Such as ``1 error and 2 warnings``."""
    if not audit.findings:
        return "No misuse found"
    counts = Counter(finding.severity for finding in audit.findings)
    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "remark"}
    found = [f"{counts[one]} {word}{'s' if counts[one] > 1 else ''}" for one, word in words.items() if counts[one]]
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"


def worst(audit: Audit) -> str:
    """The worst severity, or "clean"."""
    return audit.findings[0].severity.value if audit.findings else "clean"


def tiles(audit: Audit) -> Iterator[Tile]:
    """What the audit comes to in numbers."""
    loss = audit.loss
    yield Tile("cross entropy", f"{number(loss.nll, 3)} nats", f"{number(bits(loss.nll), 3)} bits")
    yield Tile("H(Y), knowing nothing", f"{number(loss.label_entropy, 3)} nats", f"{_saved(audit)} of it saved")
    yield Tile("accuracy", percent(loss.accuracy), f"{percent(loss.balanced_accuracy)} balanced")
    yield Tile("calibration error", number(loss.calibration_error, 3), "mean gap of probability and frequency")
    if audit.prior is not None:
        yield Tile("training prior inside, tau", number(audit.prior.tau.value, 2), interval(audit.prior.tau, 2))


def _saved(audit: Audit) -> str:
    loss = audit.loss
    return percent(1 - loss.nll_possible / loss.label_entropy) if loss.label_entropy > 0 else NONE


def read(audit: Audit) -> dict[str, str]:
    """What was read, and how."""
    source = audit.source
    listed = ", ".join(source.paths[:MOST_PATHS])
    more = len(source.paths) - MOST_PATHS
    found = {
        "files": (f"{listed} and {more:,} more" if more > 0 else listed) or "tensors",
        "rows": f"{source.rows:,}",
        "classes": f"{len(source.classes):,}",
        "task": "multi-label" if source.multi_label else "single-label",
        "scores": source.kind,
        "training counts": "known" if source.training_counts else "not known: --counts gives them",
        "rows in the sample": f"{source.sampled:,}, at which the linter and the fits look",
    }
    unit = "elements" if source.multi_label else "rows"
    for reason, rows in source.unreadable.items():
        found[f"left out: {reason}"] = f"{rows:,} {unit}"
    return found
