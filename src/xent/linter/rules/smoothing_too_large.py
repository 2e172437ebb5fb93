"""XE407: label smoothing that leaves little of the label."""

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule

# Customary are .05 to .2; from here on half of the label or more is given away.
HALF = 0.5


@rule(
    "XE407",
    "smoothing-too-large",
    Severity.WARNING,
    losses=("cross_entropy", "binary_cross_entropy_with_logits"),
    fix="""
    loss = xent.cross_entropy(logits, target, label_smoothing=0.1)  # 0.1 is given away, 0.9 stays with the label
    """,
)
def smoothing_too_large(call: Call) -> Evidence | None:
    """``label_smoothing`` is so large that little or nothing of the label is left.

    Why:
        The best model is told to be unsure. ``label_smoothing`` is the share that is taken from the label and given
        to all classes alike, not the share that the label keeps: 0.9 says that the label has 0.19 of 10 classes, and 1
        that all classes are alike, whereupon nothing is learned. Losses, margins and probabilities shrink with it.

    Told by:
        The setting is at least 0.5, which is said to be "probably" a mistake; at 1 it is an error.
    """
    eps, classes = call.label_smoothing, 2 if call.is_binary else call.facts.classes
    if not HALF <= eps <= 1 or classes < 2:
        return None
    other = eps / classes
    return Evidence(
        f"label_smoothing={eps:g}: the label keeps {1 - eps + other:.3g}, and each other of {classes} classes gets "
        f"{other:.3g}",
        {"label_smoothing": float(eps), "label": 1 - eps + other, "other": other},
        probable=eps < 1,
        severity=Severity.ERROR if eps == 1 else None,
    )
