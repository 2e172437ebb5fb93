"""XE203: nearly all rows are left out of the loss, and nobody says so."""

import math

from xent.linter.call import OF_LABELS, Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule

# Masked language models leave out 85% of all tokens, and mean to. More than that is worth a line.
USUAL = 0.85
WORTH_A_LINE = 0.9
NEARLY_ALL = 0.99

# Standard errors above the usual share.
SIGNIFICANT = 5.0


@rule(
    "XE203",
    "ignored-rows",
    Severity.INFO,
    losses=OF_LABELS,
    fix="""
    counted = target != -100  # ignore_index
    print(f"{counted.double().mean():.1%} of the rows count")
    loss = xent.cross_entropy(logits, target)
    """,
)
def ignored_rows(call: Call) -> Evidence | None:
    """More than nine rows in ten have ``ignore_index`` as their label and are left out.

    Why:
        The loss is the mean over the few rows that are left, and is noisy accordingly. Nothing reports how many rows
        are left out: a tokenizer that truncates the answer, a mask that is upside down, or labels that were
        never filled in look like a training that goes well. Averaging such batches without their counts gives rows of
        sparse batches more weight (see ``normalizer``).

    Told by:
        The share of labels that equal ``ignore_index``: above 90%, and by 5 standard errors above the 85% that
        masked language models leave out. It is a warning above 99%. A batch in which no row is left is XE205.
    """
    labels = call.facts.all_labels
    if labels is None or call.ignore_index is None or not labels.numel():
        return None
    rows = len(labels)
    ignored = int((labels == call.ignore_index).sum())
    share = ignored / rows
    significance = (share - USUAL) / math.sqrt(USUAL * (1 - USUAL) / rows)
    if ignored == rows or share <= WORTH_A_LINE or significance < SIGNIFICANT:
        return None
    return Evidence(
        f"{ignored} of {rows} rows ({share:.1%}) have the label {int(call.ignore_index)}, which is ignore_index: "
        f"the loss is that of {rows - ignored}",
        {"ignored": float(ignored), "rows": float(rows), "share": share},
        severity=Severity.WARNING if share > NEARLY_ALL else None,
    )
