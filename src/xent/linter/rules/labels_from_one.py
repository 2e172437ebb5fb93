"""XE201: classes are counted from 0, and these labels from 1."""

from xent.linter.call import OF_LABELS, Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule

# With fewer rows a class than this, label 0 may be missing by chance.
ROWS_A_CLASS = 5


@rule(
    "XE201",
    "labels-from-one",
    Severity.ERROR,
    losses=(*OF_LABELS, "predictions"),
    fix="""
    target = target - 1  # classes are 0 .. C-1
    loss = xent.cross_entropy(logits, target)
    """,
)
def labels_from_one(call: Call) -> Evidence | None:
    """The labels are 1 to C instead of 0 to C-1.

    Why:
        Every row is scored against the wrong class, and label C has no class at all. On the CPU torch stops with
        "Target C is out of bounds"; on a GPU it is a device-side assertion that ends the process, reported at some
        later line. Making the model one output wider silences it, and leaves an output that no row ever has.

    Told by:
        The largest label is C, the smallest at least 1. The finding says "probably" where the batch has fewer than 5
        rows a class, so that label 0 may be missing by chance and label C may be a stray (see XE202). Without a label
        C in the batch, nothing can be told.
    """
    labels, classes = call.facts.read_labels, call.facts.classes
    if labels is None or classes < 2 or not labels.numel():
        return None
    lowest, highest = (int(bound) for bound in labels.aminmax())
    if highest != classes or lowest < 1:
        return None
    return Evidence(
        f"{len(labels)} labels lie in {lowest}..{highest}, and none is 0, where C = {classes} classes are "
        f"0..{classes - 1}",
        {"lowest": float(lowest), "highest": float(highest), "classes": float(classes), "rows": float(len(labels))},
        probable=len(labels) < ROWS_A_CLASS * classes,
    )
