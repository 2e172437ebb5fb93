"""XE704: probabilities of a model whose training was weighted."""

import torch
from torch import Tensor

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.platt import platt
from xent.linter.priors import LEARNED, ROWS
from xent.linter.rule import rule
from xent.linter.statistics import entropy, prior_slope

# How often a class must be predicted for each time it comes, and its distance from that in standard deviations.
TOO_OFTEN, SIGNIFICANT = 2.0, 6.0

# Positives that a class needs, and the least shift of its logit (in nats, and in standard errors).
POSITIVES, SHIFT, SHIFT_ERRORS = 10, 0.5, 5.0

# Multi-class: the power of the rows' own frequencies by which predictions lie below them; label smoothing reaches -.45.
IMBALANCE, POWER = 5.0, -0.7

# And how often the rarer classes, all together, are predicted for each time they come; in standard deviations, too.
RARE_TOO_OFTEN, RARE_SIGNIFICANT = 1.3, 5.0


@rule(
    "XE704",
    "reweighted-probabilities",
    Severity.WARNING,
    losses=("predictions",),
    fix="""
    logits = xent.imbalance.undo_pos_weight(logits, pos_weight)  # z - log pos_weight; undo_weight for class weights
    """,
)
def reweighted_probabilities(call: Call) -> Evidence | None:
    """The probabilities of rare classes are too large, as those of a model whose training was weighted.

    Why:
        A model that was trained with ``pos_weight``, class weights or a balanced sampler gives the probabilities of a
        world in which rare classes are common. Ranking and recall may profit; read as probabilities they are wrong.
        Subtracting log pos_weight from the logits undoes it: the binary cross entropy fell from .457 to .278, where
        plain training has .279.

    Told by:
        Multi-label: a class (one in ten, if there are many) is predicted twice as often as it comes or more, by six
        standard deviations; a logistic regression of its labels on its logit, which must explain 40 % of their
        entropy, moves the logit down. A model at the beginning of training predicts rare classes too often as well,
        but explains little. Single-label, for probabilities only (of logits nobody has taken the softmax yet): the
        rows' own frequencies are inside them to a power of -.7 or less, by six standard errors, and the rarer half has
        1.3 times its share of the probability, by five standard deviations.
    """
    if call.facts.targets is not None:
        return _multi_label(call, call.facts.targets)
    given = call.kind in ("probabilities", "log-probabilities") or call.facts.rows_are_probabilities
    return _single_label(call) if given and call.facts.predicted is not None else None


def _multi_label(call: Call, target: Tensor) -> Evidence | None:
    target, logits = target.double().cpu(), _logits(call).cpu()
    told = bool(((target == 0) | (target == 1)).all()) and bool(logits.isfinite().all())
    if not told or len(target) < ROWS or (target.shape[1] > 1 and bool((target.sum(1) == 1).all())):
        return None
    p, positives = torch.sigmoid(logits), target.sum(0)
    deviations = (p.sum(0) - positives) / (p * (1 - p)).sum(0).sqrt().clamp(min=1e-12)
    often = (positives >= POSITIVES) & (p.sum(0) >= TOO_OFTEN * positives) & (deviations >= SIGNIFICANT)
    if not bool(often.any()):
        return None
    share = target.mean(0)
    uncertain = torch.special.entr(share) + torch.special.entr(1 - share)
    fit = platt(logits, target)
    moved = (fit.shift <= -SHIFT) & (fit.shift <= -SHIFT_ERRORS * fit.error)
    found = often & moved & (fit.fitted <= LEARNED * uncertain)
    if int(found.sum()) < max(1, len(found) / 10):
        return None
    worst = int((found * p.sum(0) / positives.clamp(min=1)).argmax())
    return _evidence(found, worst, float(p[:, worst].mean()), float(share[worst]), float(deviations[worst]))


def _logits(call: Call) -> Tensor:
    """Of independent classes, from whatever the predictions are."""
    facts, rows = call.facts, call.facts.rows.double()
    if call.kind == "log-probabilities":
        rows = rows.exp()
    elif call.kind == "logits" or facts.lowest < 0 or facts.highest > 1:
        return rows
    return torch.logit(rows, eps=1e-12)


def _single_label(call: Call) -> Evidence | None:
    log_p, labels = call.facts.predicted if call.facts.predicted is not None else (torch.empty(0, 0), torch.empty(0))
    rows = torch.bincount(labels, minlength=log_p.shape[1]).double()
    smoothed = rows + 0.5  # classes that do not occur have a logarithm, too
    if len(labels) < ROWS or float(smoothed.max() / smoothed.min()) < IMBALANCE:
        return None
    slope = prior_slope(log_p, labels, smoothed)
    learned = slope.fitted <= LEARNED * entropy(rows)
    if not learned or slope.tau > POWER or slope.tau > -SIGNIFICANT * slope.error:
        return None
    rare = rows < rows.mean()
    p, came = log_p.exp()[:, rare].sum(1), float(rows[rare].sum())
    deviations = (float(p.sum()) - came) / max(float((p * (1 - p)).sum()), 1e-12) ** 0.5
    if float(p.sum()) < RARE_TOO_OFTEN * came or deviations < RARE_SIGNIFICANT:
        return None
    return Evidence(
        f"the {int(rare.sum())} rarer of {len(rows)} classes have a probability of {float(p.mean()):.3g} together, and "
        f"are the label of {came / len(labels):.3g} of the rows ({deviations:.0f} standard deviations); the rows' own "
        f"frequencies are inside the predictions to the power {slope.tau:.2f}",
        {"mean": float(p.mean()), "share": came / len(labels), "deviations": deviations, "tau": slope.tau},
        probable=True,
    )


def _evidence(found: Tensor, worst: int, mean: float, share: float, deviations: float) -> Evidence:
    return Evidence(
        f"{int(found.sum())} of {len(found)} classes are predicted at least twice as often as they come; class {worst} "
        f"has a mean probability of {mean:.3g} and is the label of {share:.3g} of the rows ({deviations:.0f} standard "
        "deviations)",
        {"classes": float(found.sum()), "mean": mean, "share": share, "deviations": deviations},
        probable=True,
    )
