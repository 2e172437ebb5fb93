"""An audit on the terminal: tables, and what they come to."""

import math
from collections.abc import Iterable, Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from xent.audit import Audit, Decomposition, Interval, OfClass, PriorInside, Suggestion
from xent.audit.results import bits
from xent.report.findings import print_findings
from xent.report.table import titled_table

# Classes, from the head and from the tail, and suspects that are shown; the rest is in the files.
SHOWN_CLASSES = 8
SHOWN_SUSPECTS = 8

CLASS_NOTE = "Loss, gradient, labels: the class's share. Predicted: the share that the probabilities give it."


def print_audit(console: Console, audit: Audit) -> None:
    """Print everything that people would rather read than look up."""
    console.print(Text(_source(audit), style="dim"))
    console.print()
    print_findings(console, audit.findings)
    for block in _blocks(audit):
        console.print()
        console.print(block)


def _source(audit: Audit) -> str:
    source = audit.source
    task = "multi-label" if source.multi_label else "single-label"
    text = f"{source.rows:,} rows, {len(source.classes)} classes, {task}, {source.kind}."
    for reason, rows in source.unreadable.items():
        text += f" {rows:,} {'elements' if source.multi_label else 'rows'} left out: {reason}."
    if source.sampled < source.rows:
        text += f" The linter and the fits look at {source.sampled:,} of them."
    if not source.training_counts:
        text += " Training counts are not known: with --counts the audit can say which prior was learned."
    return text


def _blocks(audit: Audit) -> Iterator[RenderableType]:
    yield Group(_loss_table(audit), _dim(_loss_note(audit)))
    if audit.parts is not None:
        yield Group(_parts_table(audit.parts), _dim(_parts_note(audit.parts)))
    yield Group(_class_table(audit), _dim(CLASS_NOTE))
    if audit.prior is not None:
        yield _prior(audit.prior)
    for suggestion in audit.suggestions:
        yield _suggestion(suggestion)
    if audit.suspects:
        yield Group(_suspect_table(audit), _dim(_suspect_note(audit)))


def _dim(note: str) -> Text:
    return Text(note, style="dim")


def _loss_table(audit: Audit) -> Table:
    loss = audit.loss
    table = titled_table("Cross entropy, " + ("an element" if audit.source.multi_label else "a row"))
    for name in ("", "nats", "bits"):
        table.add_column(name, justify="right" if name else "left")
    rows = {
        "of the predictions": loss.nll,
        "  without impossible labels": loss.nll_possible if loss.impossible else None,
        "of the labels' frequency, H(Y)": loss.label_entropy,
        "of the training's frequency": loss.training_prior,
        "KL(labels || predictions), class frequencies": loss.divergence,
    }
    for name, nats in rows.items():
        if nats is not None:
            table.add_row(name, _number(nats), _number(bits(nats)))
    return table


def _loss_note(audit: Audit) -> str:
    loss = audit.loss
    return (
        f"Accuracy {loss.accuracy:.1%}, balanced {loss.balanced_accuracy:.1%}, calibration error "
        f"{loss.calibration_error:.3f}." + _impossible(loss.impossible)
    )


def _impossible(labels: int) -> str:
    return f" {labels:,} labels were given probability 0." if labels else ""


def _parts_table(parts: Decomposition) -> Table:
    table = titled_table("What it is made of")
    for name in ("part", "nats", "95%", "share"):
        table.add_column(name, justify="left" if name == "part" else "right")
    for name, part in (
        ("refinement", parts.refinement),
        ("class bias", parts.bias),
        ("temperature", parts.temperature),
    ):
        table.add_row(name, f"{part.value:.3f}", _range(part), _share(part, parts.total))
    return table


def _parts_note(parts: Decomposition) -> str:
    return (
        "Class bias: what predicting some classes too often or too rarely costs. Temperature: what being too sure, or "
        "not sure enough, costs. Refinement: what neither removes. Cross-fitted; the best temperature is "
        f"{parts.fitted_temperature:.2f}, beside a class bias {parts.fitted.temperature:.2f}."
    )


def _class_table(audit: Audit) -> Table:
    ordered = audit.head_to_tail()
    left_out = max(0, len(ordered) - 2 * SHOWN_CLASSES)
    table = titled_table("Classes, head to tail")
    known = audit.source.training_counts
    names = ["class", *(["trained on"] if known else []), "rows", "recall", "loss", "gradient", "labels", "predicted"]
    for name in names:
        table.add_column(name, justify="left" if name == "class" else "right")
    shown = ordered if not left_out else (*ordered[:SHOWN_CLASSES], *ordered[-SHOWN_CLASSES:])
    for number, one in enumerate(shown):
        if left_out and number == SHOWN_CLASSES:
            table.add_row(f"... {left_out} more", *[""] * (len(names) - 1))
        table.add_row(*_class_row(one))
    return table


def _class_row(one: OfClass) -> Iterable[str]:
    trained_on = [] if one.training_rows is None else [f"{one.training_rows:,.0f}"]
    shares = (one.recall, one.loss_share, one.gradient_share, one.label_share, one.predicted_share)
    return one.name, *trained_on, f"{one.rows:,}", *(_percent(share) for share in shares)


def _prior(prior: PriorInside) -> Text:
    before, after = prior.as_given, prior.adjusted
    return Text.assemble(
        ("The training prior inside: ", "bold"),
        f"tau {prior.tau.value:.2f} ({_range(prior.tau)}); 0 is none, 1 is all of it. With tau * log prior taken off "
        f"the logits: balanced accuracy {before.balanced_accuracy:.1%} -> {after.balanced_accuracy:.1%}, accuracy "
        f"{before.accuracy:.1%} -> {after.accuracy:.1%}, cross entropy {before.nll:.3f} -> {after.nll:.3f} nats.",
    )


def _suggestion(suggestion: Suggestion) -> RenderableType:
    text = Text.assemble((f"{suggestion.title}: ", "bold"), f"{suggestion.reason}.\n")
    return Padding(text.append(f"    {suggestion.code}", style="cyan"), 0)


def _suspect_table(audit: Audit) -> Table:
    table = titled_table("Labels that are doubted most")
    for name in ("row", "label", "model says", "with p", "log odds"):
        table.add_column(name, justify="left" if name in ("label", "model says") else "right")
    for suspect in audit.suspects[:SHOWN_SUSPECTS]:
        table.add_row(
            str(suspect.row), suspect.label, suspect.predicted, f"{suspect.probability:.4f}", f"{suspect.log_odds:.1f}"
        )
    return table


def _suspect_note(audit: Audit) -> str:
    likely = sum(suspect.likely for suspect in audit.suspects)
    return f"{likely:,} of {len(audit.suspects):,} in suspects.csv are likely errors, by confident learning."


def _number(nats: float) -> str:
    return f"{nats:.4f}" if math.isfinite(nats) else str(nats)


def _percent(share: float) -> str:
    return "-" if math.isnan(share) else f"{share:.1%}"


def _range(interval: Interval) -> str:
    return f"{interval.low:.3f} to {interval.high:.3f}"


def _share(part: Interval, total: Interval) -> str:
    return _percent(part.value / total.value) if total.value else "-"
