"""XE501: numbers that are none, where the loss reads them."""

import torch
from torch import Tensor

from xent.linter.call import ANY_LOSS, Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule


@rule(
    "XE501",
    "nan-or-inf-in-the-logits",
    Severity.ERROR,
    losses=(*ANY_LOSS, "predictions"),
    fix="""
    assert torch.isfinite(logits).all()  # find the step, then: torch.autograd.set_detect_anomaly(True)
    loss = xent.cross_entropy(logits, target, mask=keep)  # rows that are not to count, whatever they hold
    """,
)
def nan_or_inf_in_the_logits(call: Call) -> Evidence | None:
    """The input holds nan or infinities in rows that count.

    Why:
        One nan makes the whole loss nan, and the next step makes every parameter nan. A +inf does the same in a
        softmax (inf - inf), and so does a row in which every logit is -inf; a -inf at the label, a class that was
        masked out, makes the loss inf. A few -inf elsewhere, as of masked classes, are as they should be.

    Told by:
        nan anywhere in a row that counts; +inf (logits only); rows of nothing but -inf; -inf at the label. Rows that
        are ignored, masked or of sample weight 0 are not looked at, nor are classes that valid_classes removes.
    """
    facts = call.facts
    read = facts.counted_elements & _kept(call)
    nan, high = facts.rows.isnan() & read, facts.rows.isposinf() & read
    found = {
        "nan": nan.any(-1),
        "+inf": high.any(-1),
        "-inf everywhere": _all_removed(call, read),
        "-inf at the label": _at_label(call, read),
    }
    bad = torch.stack(list(found.values())).any(0)
    if not bool(bad.any()):
        return None
    counts = {name: int(rows.sum()) for name, rows in found.items()}
    first = int(facts.row_numbers[bad.nonzero()[0, 0]])
    listed = ", ".join(f"{name} in {count}" for name, count in counts.items() if count)
    return Evidence(
        f"of the {int(facts.counted.sum())} rows looked at that count: {listed}; the first is row {first}",
        {**{name: float(count) for name, count in counts.items()}, "first_row": float(first)},
    )


def _has_removed_classes(call: Call) -> bool:
    """Whether -inf has its place in the input: logits and log-probabilities of classes."""
    return call.loss in ("cross_entropy", "nll_loss", "predictions") and call.kind != "probabilities"


def _kept(call: Call) -> Tensor:
    """The classes that take part, bool, as a row."""
    kept = torch.ones(call.facts.classes, dtype=torch.bool, device=call.input.device)
    valid = call.transform.valid_classes
    if isinstance(valid, int):
        kept[valid:] = False
    elif valid is not None and valid.shape == kept.shape:
        kept &= valid
    return kept


def _all_removed(call: Call, read: Tensor) -> Tensor:
    """Rows of two classes or more in which all that are read are -inf."""
    facts = call.facts
    multi_label = call.loss == "predictions" and facts.targets is not None
    if multi_label or facts.classes < 2 or not _has_removed_classes(call):
        return torch.zeros_like(facts.counted)
    return (facts.rows.isneginf() | ~read).all(-1) & read.any(-1)


def _at_label(call: Call, read: Tensor) -> Tensor:
    """Rows in which -inf stands at the label, or at a class with a share in a target of probabilities."""
    facts = call.facts
    low = facts.rows.isneginf() & read
    if not _has_removed_classes(call):
        return torch.zeros_like(facts.counted)
    if facts.targets is not None:
        return (low & (facts.targets > 0)).any(-1)
    if facts.labels is None:
        return torch.zeros_like(facts.counted)
    inside = (facts.labels >= 0) & (facts.labels < facts.classes)
    at = facts.labels.clamp(0, facts.classes - 1)[:, None]
    return low.gather(-1, at).squeeze(-1) & inside
