"""XE302: class weights weigh the smoothed target too, and move the distribution that training aims at."""

import torch
from torch import Tensor

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule
from xent.linter.weights import class_weights

# How far the best probability of a label may lie from its smoothed target before that is worth knowing.
FAR = 0.2


@rule(
    "XE302",
    "weight-with-label-smoothing",
    Severity.INFO,
    losses=("cross_entropy",),
    fix="""
    # one factor a row, so that the smoothed target stays what it is
    loss = xent.cross_entropy(logits, target, sample_weight=weight[target], label_smoothing=0.1)
    """,
)
def weight_with_label_smoothing(call: Call) -> Evidence | None:
    """Class weights are used with label smoothing, and the weighted target is not the smoothed one.

    Why:
        The weights multiply every part of the smoothed target, so that a perfect model predicts weight * t' / sum. The
        little that smoothing gives to a rare class is multiplied by its large weight, also in the rows of others:
        with weights 1 and 100 and eps = .1 the best prediction for a row of the common class is .16, not .95. A
        warning if the label of a class is no longer the most probable one.

    Told by:
        weight_k * t'_k / sum, for the label that suffers most: its best probability lies .2 or more from its smoothed
        target, or another class lies above it.
    """
    weight, eps = class_weights(call), call.label_smoothing
    if weight is None or not 0 < eps < 1 or call.transform.valid_classes is not None:
        return None
    best, rival, wanted = _optimum(weight, eps, _prior(call))
    worst = int((best - wanted).argmin())
    own, aim, other = float(best[worst]), float(wanted[worst]), float(rival[worst])
    numbers = {"label": float(worst), "best": own, "target": aim, "rival": other}
    if aim - own < FAR and own >= other:
        return None
    beaten = f", and another class {other:.3g}" if other > own else ""
    return Evidence(
        f"for a row of class {worst} (weight {float(weight[worst]):.3g}, largest {float(weight.max()):.3g}) the best "
        f"prediction gives its label {own:.3g}{beaten}, where the smoothed target has {aim:.3g}",
        numbers,
        severity=Severity.WARNING if other > own else None,
    )


def _prior(call: Call) -> Tensor:
    """What smoothing mixes in, (C,)."""
    classes, given = call.facts.classes, call.smoothing_prior
    if isinstance(given, Tensor) and given.shape == (classes,):
        return given.detach().double().cpu()
    return torch.full((classes,), 1 / classes, dtype=torch.float64)


def _optimum(weight: Tensor, eps: float, prior: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """For rows of every label: its best probability, that of the strongest other class, and its smoothed target."""
    wanted = 1 - eps + eps * prior
    smoothed = eps * weight * prior
    total = smoothed.sum() + weight * (1 - eps)
    strongest = smoothed.topk(min(2, len(smoothed))).values
    other = torch.where(smoothed == strongest[0], strongest[-1], strongest[0])
    return weight * wanted / total, other / total, wanted
