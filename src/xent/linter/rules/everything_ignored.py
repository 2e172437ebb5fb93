"""XE205: a batch in which no row counts."""

import torch

from xent.linter.call import BINARY, OF_LABELS, Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule


@rule(
    "XE205",
    "everything-ignored",
    Severity.ERROR,
    losses=(*OF_LABELS, *BINARY),
    fix="""
    counted = (target != -100).sum()
    loss = xent.cross_entropy(logits, target, reduction="sum") / counted.clamp(min=1)
    """,
)
def everything_ignored(call: Call) -> Evidence | None:
    """No row of the batch counts: all are ignored, masked or of ``sample_weight`` 0.

    Why:
        The mean of nothing is nan. It is 0 divided by 0: one such batch makes the average of an epoch nan, and a
        gradient scaler skips the step. With xent the gradient is 0; a sum divided by a count of at least 1 is 0 too.

    Told by:
        ``ignore_index``, ``mask`` and ``sample_weight`` leave no label of the batch. With the sum there is no nan; it
        is said as information only. An empty batch is not a finding.
    """
    labels = call.target.numel()
    if not labels or _counts(call):
        return None
    mean = call.reduction == "mean"
    return Evidence(
        f"none of {labels} labels counts: the {'mean of none is nan' if mean else 'loss is 0'}",
        {"labels": float(labels)},
        severity=None if mean else Severity.INFO,
    )


def _counts(call: Call) -> bool:
    """Whether anything does."""
    if call.facts.read_labels is not None:
        return call.facts.read_labels.numel() > 0
    counting = torch.ones_like(call.target, dtype=torch.bool)
    if call.is_binary and call.ignore_index is not None:
        counting &= call.target != call.ignore_index
    for chosen in (call.mask, call.sample_weight):
        if chosen is not None:
            if not bool(chosen.any()):
                return False
            if chosen.shape == counting.shape:
                counting &= chosen != 0
    return bool(counting.any())
