"""The plain loss of what a call was given, for rules that compare it with a reported number."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from xent import functional, nn
from xent.core.logits import IDENTITY
from xent.linter.call import Call

# Losses that do what their settings say, and nothing else.
PLAIN = frozenset(
    getattr(room, name)
    for room in (torch.nn, nn)
    for name in ("CrossEntropyLoss", "NLLLoss", "BCEWithLogitsLoss", "BCELoss")
) | frozenset(
    getattr(room, name)
    for room in (F, functional)
    for name in ("cross_entropy", "nll_loss", "binary_cross_entropy_with_logits", "binary_cross_entropy")
)


@dataclass(frozen=True)
class PlainLosses:
    """Unweighted losses in nats, float64, of the rows (elements, for binary losses) that count; smoothed if they are.

    Attributes:
        values: One for each that counts, (n,).
        labels: Their classes, int64 of shape (n,); None for binary losses.
        everything: How many there are, with those that do not count.
    """

    values: Tensor
    labels: Tensor | None
    everything: int


def plain_losses(call: Call, sampled: bool = False) -> PlainLosses | None:
    """The losses of a plain cross entropy, or None where the call is of another loss.

    Args:
        call: The call; its class weights are left aside.
        sampled: Whether a sample of the rows will do. If not, there is None for a batch too large to be seen whole.
    """
    if not (sampled or call.facts.sees_all) or not _is_plain(call):
        return None
    return _of_elements(call) if call.is_binary else _of_rows(call)


def _is_plain(call: Call) -> bool:
    """Whether the loss is -log p, weights and label smoothing aside, and knows no setting that changes it."""
    if call.loss != "predictions" and call.module not in PLAIN and type(call.module) not in PLAIN:
        return False
    bare = all(
        setting is None
        for setting in (call.sample_weight, call.normalizer, call.pos_weight, call.neg_weight, call.smoothing_prior)
    )
    events = call.event.is_log and call.negative.is_log and not call.negative.shift
    return bare and events and call.transform is IDENTITY


def _of_rows(call: Call) -> PlainLosses | None:
    facts = call.facts
    if facts.labels is None or facts.classes < 2:
        return None
    labels = facts.labels[facts.counted]
    if bool(((labels < 0) | (labels >= facts.classes)).any()):
        return None
    rows = facts.rows[facts.counted].double()
    if call.loss != "nll_loss" and call.kind != "log-probabilities":
        probabilities = call.kind == "probabilities" or (call.kind is None and _holds_probabilities(call))
        rows = rows.log() if probabilities else rows.log_softmax(-1)
    return _smoothed(call, PlainLosses(-rows.gather(-1, labels[:, None]).squeeze(-1), labels, len(facts.labels)), rows)


def _smoothed(call: Call, plain: PlainLosses, rows: Tensor) -> PlainLosses | None:
    """With label smoothing, where every class has a probability and none a weight."""
    eps = call.label_smoothing
    if eps == 0:
        return plain
    if call.weight is not None or not bool(torch.isfinite(rows).all()):
        return None
    return PlainLosses((1 - eps) * plain.values - eps * rows.mean(-1), plain.labels, plain.everything)


def _holds_probabilities(call: Call) -> bool:
    return call.loss == "predictions" and call.facts.rows_are_probabilities


def _of_elements(call: Call) -> PlainLosses | None:
    facts = call.facts
    if facts.targets is None or call.weight is not None or call.label_smoothing:
        return None
    rows, targets = (values[facts.counted_elements].double() for values in (facts.rows, facts.targets))
    if call.loss == "binary_cross_entropy_with_logits":
        losses = F.softplus(rows) - targets * rows
    else:
        losses = -(targets * rows.log().clamp(min=-100) + (1 - targets) * (-rows).log1p().clamp(min=-100))
    return PlainLosses(losses, None, facts.rows.numel())
