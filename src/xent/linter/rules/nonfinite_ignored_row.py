"""XE206: a row that is left out, and whose gradient is nan all the same."""

import torch

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule


@rule(
    "XE206",
    "nonfinite-ignored-row",
    Severity.ERROR,
    losses=("cross_entropy",),
    fix="""
    loss = xent.cross_entropy(logits, target)  # a row that is ignored has gradient 0, whatever it holds
    """,
)
def nonfinite_ignored_row(call: Call) -> Evidence | None:
    """Rows that ``ignore_index`` leaves out hold inf or nan, and torch's loss is used.

    Why:
        The loss is finite, and the gradient of these rows is nan. torch multiplies the softmax of the row, which is
        nan, by its weight of 0; one step later all parameters are nan, and nothing points to a row that does not
        count. Rows of padding that are masked with -inf throughout do this. xent's gradient of an ignored row is 0.

    Told by:
        The label is ``ignore_index``, and the row holds nan, +inf or nothing but -inf, so that its softmax is nan.
        Single -inf beside finite logits are harmless. Said only of torch's own losses.
    """
    facts = call.facts
    if not call.is_torchs or facts.labels is None or call.ignore_index is None:
        return None
    ignored = facts.labels == call.ignore_index
    rows = facts.rows[ignored]
    spoilt = int(torch.isnan(rows.softmax(-1)).any(-1).sum())
    if not spoilt:
        return None
    return Evidence(
        f"{spoilt} of {len(rows)} rows with the label {int(call.ignore_index)}, which are ignored, hold nan, +inf or "
        "nothing but -inf: the loss does not show it, their gradient is nan",
        {"rows": float(len(rows)), "spoilt": float(spoilt)},
    )
