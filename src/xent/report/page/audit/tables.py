"""The tables of an audit's page."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from xent.audit import Audit, Decomposition, OfClass, PriorInside
from xent.audit.results import bits
from xent.report.page.audit.classes import listed
from xent.report.page.audit.plots.loss import losses, perplexity
from xent.report.page.audit.plots.parts import parts_of, share
from xent.report.page.audit.words import Cell, interval, number, number_cell, percent, percent_cell
from xent.report.page.classes import short

# The most doubted; all that were kept are in suspects.csv.
MOST_SUSPECTS = 200

# A number of every class to copy; of more, the most frequent and the rarest.
MOST_CORRECTED = 1000
# Of so many, and beside their number, names can be shorter.
LONGEST_CORRECTED = 20


@dataclass(frozen=True)
class Table:
    """Some rows.

    Attributes:
        headings: Of the columns.
        texts: Which columns hold texts; the others hold numbers.
        rows: Of cells, the first of which names the row.
        marked: Of each row, whether it is marked; empty if none is.
    """

    headings: tuple[str, ...]
    texts: frozenset[str]
    rows: tuple[tuple[Cell, ...], ...]
    marked: tuple[bool, ...] = field(default=())


def loss_table(audit: Audit) -> Table:
    """Cross entropies in nats and bits, and as perplexity."""
    rows = [
        (Cell(name), Cell(number(nats)), Cell(number(bits(nats))), Cell(perplexity(nats)))
        for name, nats in losses(audit.loss).items()
    ]
    divergence = audit.loss.divergence
    name = "KL(labels || predictions), of class frequencies"
    rows.append((Cell(name), Cell(number(divergence)), Cell(number(bits(divergence))), Cell("")))
    return Table(("cross entropy", "nats", "bits", "perplexity"), frozenset({"cross entropy"}), tuple(rows))


def parts_table(parts: Decomposition) -> Table:
    """The parts with their intervals."""
    rows = tuple(
        (Cell(name), Cell(number(part.value, 3)), Cell(interval(part)), Cell(share(part, parts.total)))
        for name, part in {**parts_of(parts), "cross entropy": parts.total}.items()
    )
    return Table(("part", "nats", "95%", "share"), frozenset({"part"}), rows)


def prior_table(prior: PriorInside) -> Table:
    """What the predictions are worth with the prior taken out."""
    before, after = prior.as_given, prior.adjusted
    rows = (
        (Cell("balanced accuracy"), Cell(percent(before.balanced_accuracy)), Cell(percent(after.balanced_accuracy))),
        (Cell("accuracy"), Cell(percent(before.accuracy)), Cell(percent(after.accuracy))),
        (Cell("cross entropy, nats"), Cell(number(before.nll, 3)), Cell(number(after.nll, 3))),
    )
    return Table(("", "as given", "without it"), frozenset({""}), rows)


def class_table(audit: Audit) -> Table:
    """The classes from head to tail, or the first and the last of many."""
    columns = dict(_class_columns(audit))
    rows = tuple((Cell(short(one.name)), *(cell(one) for cell in columns.values())) for one in listed(audit))
    return Table(("class", *columns), frozenset({"class"}), rows)


def _class_columns(audit: Audit) -> Iterator[tuple[str, Callable[[OfClass], Cell]]]:
    if audit.source.training_counts:
        yield "trained on", lambda one: number_cell(one.training_rows, 0)
    yield "positives" if audit.source.multi_label else "rows", lambda one: number_cell(one.rows, 0)
    yield "recall", lambda one: percent_cell(one.recall)
    yield "precision", lambda one: percent_cell(one.precision)
    yield "nll, nats", lambda one: number_cell(one.nll, 3)
    yield "loss", lambda one: percent_cell(one.loss_share)
    yield "gradient", lambda one: percent_cell(one.gradient_share)
    yield "labels", lambda one: percent_cell(one.label_share)
    yield "predicted", lambda one: percent_cell(one.predicted_share)
    if audit.parts is not None:
        yield "bias, nats", lambda one: number_cell(one.bias, 2)


def correction_table(audit: Audit) -> Table:
    """The numbers of every class that correct for its frequency in training, by index."""
    settings = audit.corrections
    rows = tuple(
        (
            Cell(str(one.number)),
            Cell(short(one.name, LONGEST_CORRECTED)),
            Cell(number(one.training_rows, 0)),
            *(Cell(f"{correction.values[one.number]:.6g}") for correction in settings.values()),
        )
        for one in sorted(listed(audit, MOST_CORRECTED), key=lambda one: one.number)
    )
    return Table(("number", "class", "trained on", *settings), frozenset({"class"}), rows)


def suspect_table(audit: Audit) -> Table:
    """The labels that are doubted most, those first that are doubted most; the likely errors are marked."""
    shown = audit.suspects[:MOST_SUSPECTS]
    rows = tuple(
        (
            number_cell(suspect.row, 0),
            Cell(short(suspect.label)),
            Cell(short(suspect.predicted)),
            number_cell(suspect.probability),
            number_cell(suspect.log_odds, 2),
            number_cell(suspect.nll, 2),
            Cell("likely" if suspect.likely else ""),
        )
        for suspect in shown
    )
    label = "class in doubt" if audit.source.multi_label else "label"
    texts = (label, "model says", "an error?")
    headings = ("row", label, "model says", "with p", "log odds, nats", "nll, nats", "an error?")
    return Table(headings, frozenset(texts), rows, tuple(suspect.likely for suspect in shown))
