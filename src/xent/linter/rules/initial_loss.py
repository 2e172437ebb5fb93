"""XE403: a model that knows nothing, and is sure of it."""

import math

import torch

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule

# What logits of a linear layer (the autograd graph says so) or of anything else must exceed. A cosine head has logits
# within its scale, which is 64 at most as a rule; the layers of torch, on normalised features, have a spread near .6.
LINEAR_SPREAD = 5.0
SPREAD = 10.0
COSINE_SCALE = 65.0
LINEAR = ("AddmmBackward0", "ConvolutionBackward0")

# Rows, nats and standard errors that are asked for.
ROWS = 8
EXCESS = 3.0
SIGNIFICANT = 3.0


@rule(
    "XE403",
    "initial-loss",
    Severity.WARNING,
    losses=("cross_entropy", "binary_cross_entropy_with_logits"),
    fix="""
    features = (features - features.mean(0)) / features.std(0)  # or torch.nn.LayerNorm before the last layer
    torch.nn.init.zeros_(head.weight)  # the loss begins at ln C
    torch.nn.init.zeros_(head.bias)
    """,
)
def initial_loss(call: Call) -> Evidence | None:
    """Before the first step the loss is far above that of equal logits.

    Why:
        The first steps only make the logits smaller. A model that has learned nothing should say that all classes are
        alike, which costs ln C nats (ln 2 in binary losses). Large logits come from inputs that are not normalised
        (pixels of 0 to 255), from a head with the initialisation of an embedding, or from logits that are
        multiplied twice; they saturate the softmax, and the training remembers it. A pretrained model whose
        labels are in another order looks the same.

    Told by:
        ``step=0``; the cross entropy of the plain logits exceeds that of equal logits by 3 nats and 3 standard errors;
        and the standard deviation of the logits is 10 with some beyond 65, which no cosine head reaches, or
        5 where the autograd graph ends in a linear layer. Weights, offsets and smoothing have no part in it.
    """
    losses = _losses(call) if call.step == 0 else None
    if losses is None or len(losses) < ROWS:
        return None
    rows = call.facts.rows[call.facts.counted]
    spread, largest = float(rows[torch.isfinite(rows)].std()), float(rows[torch.isfinite(rows)].abs().max())
    linear = call.facts.made_by in LINEAR and spread > LINEAR_SPREAD
    if not linear and not (spread > SPREAD and largest > COSINE_SCALE):
        return None
    expected = math.log(2 if call.is_binary else call.facts.classes)
    mean, error = float(losses.mean()), float(losses.std()) / math.sqrt(len(losses))
    if mean - expected < EXCESS or mean - expected < SIGNIFICANT * error:
        return None
    return Evidence(
        f"at step 0 the cross entropy is {mean:.3g} nats, where equal logits give {expected:.3f}: the logits have a "
        f"standard deviation of {spread:.3g}",
        {"loss": mean, "expected": expected, "spread": spread, "largest": largest},
        probable=True,
    )


def _losses(call: Call) -> torch.Tensor | None:
    """Cross entropy of the rows that count, float64, infinite ones left out."""
    facts = call.facts
    rows = facts.rows[facts.counted]
    if call.is_binary:
        if facts.targets is None:
            return None
        targets = facts.targets[facts.counted]
        losses = torch.nn.functional.binary_cross_entropy_with_logits(rows, targets, reduction="none").mean(-1)
    elif facts.labels is None:
        return None
    else:
        labels = facts.labels[facts.counted]
        if labels.numel() and not bool(((labels >= 0) & (labels < facts.classes)).all()):
            return None
        losses = -rows.log_softmax(-1).gather(-1, labels.unsqueeze(-1)).squeeze(-1)
    return losses[torch.isfinite(losses)].double()
