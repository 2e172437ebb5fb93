"""XE309: the alpha of a focal loss makes the positives count less, though they are the rarer side."""

import functools
import inspect
import math
from typing import Any

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule

# Below this share of positives the elements are the anchors of a detector, for which the paper found alpha = .25.
DETECTOR = 0.005

# Standard deviations by which the positives must be in the minority.
SIGNIFICANT = 6.0


@rule(
    "XE309",
    "focal-alpha",
    Severity.WARNING,
    losses=("binary_cross_entropy_with_logits", "other"),
    fix="""
    loss = xent.sigmoid_focal_loss(logits, target, alpha=None)  # or above .5, where positives are rare
    """,
)
def focal_alpha(call: Call) -> Evidence | None:
    """The focal loss has an alpha below .5, so that the positives, which are rare already, count less.

    Why:
        alpha weighs the positives, and 1 - alpha the negatives: the default .25 makes positives count a third. It was
        found for detectors with many thousand negatives for each positive, together with gamma = 2. In multi-label
        classification it costs recall: F1 at threshold .5 fell from 35.0 to 20.6. In multi-class losses, a single
        alpha multiplies the whole loss, and does nothing else (this is reported as information).

    Told by:
        A focal loss (of xent, or one whose name says so) with a single alpha below .5, and a target in which the
        positives are in the minority, by six standard deviations; but more than one in 200, unlike in detection. For
        multi-class losses: a single alpha, other than 1, and labels that are indices.
    """
    alpha = _alpha(call.module)
    if alpha is None or "focal" not in _name(call):
        return None
    if call.facts.has_indices:
        return None if alpha == 1 or call.facts.classes < 2 else _rescales(alpha)
    return _against_positives(call, alpha) if alpha < 0.5 else None


def _name(call: Call) -> str:
    """The loss's name in lower case, that of the function where arguments have been filled in."""
    module = call.module
    name: str = module.func.__name__ if isinstance(module, functools.partial) else call.name
    return name.lower()


def _alpha(module: Any) -> float | None:
    """The alpha of a module, of a function with arguments filled in, or a function's default."""
    given = getattr(module, "alpha", None)
    if given is None and isinstance(module, functools.partial):
        given = module.keywords.get("alpha")
        module = module.func
    if given is None and inspect.isfunction(module):
        parameter = inspect.signature(module).parameters.get("alpha")
        given = None if parameter is None or parameter.default is parameter.empty else parameter.default
    return float(given) if isinstance(given, (int, float)) and 0 <= given <= 1 else None


def _rescales(alpha: float) -> Evidence:
    return Evidence(
        f"alpha = {alpha:g} is one number for all classes: it multiplies the loss and weighs no class",
        {"alpha": alpha},
        probable=True,
        severity=Severity.INFO,
    )


def _against_positives(call: Call, alpha: float) -> Evidence | None:
    if call.facts.positives is None:
        return None
    positives, elements = (float(side.sum()) for side in call.facts.positives)
    if elements == 0:
        return None
    share = positives / elements
    deviations = (0.5 - share) * 2 * math.sqrt(elements)
    if not share >= DETECTOR or deviations < SIGNIFICANT:
        return None
    return Evidence(
        f"alpha = {alpha:g} makes a positive count {alpha / (1 - alpha):.2g} times what a negative does, and only "
        f"{share:.1%} of the {elements:.0f} elements are positive",
        {"alpha": alpha, "positives": share, "deviations": deviations},
    )
