"""XE405: a smoothed loss does not go to 0, and this one has arrived where it stops."""

import math

from torch import Tensor

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule

# By how much, as a share of the floor, the value may differ from it.
NEAR = 0.01

# Losses whose value has this floor exactly.
PLAIN = ("cross_entropy", "CrossEntropyLoss")


@rule(
    "XE405",
    "label-smoothing-floor",
    Severity.INFO,
    losses=("cross_entropy",),
    fix="""
    with torch.no_grad():
        nll = xent.cross_entropy(logits, target)  # to report, without smoothing
    """,
)
def label_smoothing_floor(call: Call) -> Evidence | None:
    """The loss is as low as label smoothing lets it be.

    Why:
        What is left to learn is the loss less its floor. With label smoothing the loss is at least the entropy of the
        smoothed label: 0.500 nats for 10 classes and eps = 0.1. A value that stays there is not a
        training that is stuck, and values for different eps or C cannot be compared. Report the plain
        cross entropy.

    Told by:
        ``value`` is given, and within 1% of the entropy of (1 - eps + eps/C, eps/C, ...). Only for plain cross entropy,
        indices and the mean.
    """
    classes = _smoothed_classes(call)
    plain = call.name in PLAIN and call.event.is_log and call.weight is None and call.smoothing_prior is None
    if classes < 2 or not plain or call.reduction != "mean" or not 0 < call.label_smoothing < 1:
        return None
    if call.value is None or call.value.numel() != 1 or not call.facts.has_indices:
        return None
    other = call.label_smoothing / classes
    own = 1 - call.label_smoothing + other
    floor = -own * math.log(own) - (classes - 1) * other * math.log(other)
    value = float(call.value.detach())
    if not abs(value - floor) <= NEAR * floor:
        return None
    return Evidence(
        f"the loss is {value:.4f}, and label_smoothing={call.label_smoothing:g} with {classes} classes does not let it "
        f"fall below {floor:.4f} nats",
        {"value": value, "floor": floor, "classes": float(classes)},
    )


def _smoothed_classes(call: Call) -> int:
    """How many classes share what is smoothed; 0 if it differs from row to row."""
    valid = call.transform.valid_classes
    if call.transform.offset is not None:
        return 0
    if isinstance(valid, Tensor):
        return int(valid.sum()) if valid.ndim == 1 else 0
    return call.facts.classes if valid is None else min(valid, call.facts.classes)
