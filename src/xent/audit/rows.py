"""What the tallies ask of some rows: of single-label ones the probability of the label, the prediction and the rest."""

from dataclasses import dataclass

import torch
from torch import Tensor

from xent.core.survey import FINE, NO_CLASS, NO_SOFTMAX
from xent.dispatch.survey import survey
from xent.predictions import Batch, Kind

# Why a row cannot be judged, by its status.
REASONS = {NO_CLASS: "the label is no class", NO_SOFTMAX: "a score is nan or infinite"}


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of single-label predictions that can be judged.

    Attributes:
        number: Of each row, over all files, int64 of shape (n,).
        label: int64 of shape (n,).
        nll: Cross entropy in nats, float64 of shape (n,); inf where the label has probability 0.
        predicted: The most probable class, int64 of shape (n,).
        confidence: Its probability, float64 of shape (n,).
        log_odds: Logit of the predicted class less that of the label: how much the label is doubted, (n,).
        probability: Of every class, the sum over the rows of its probability, int64 of shape (C,) in units of 2^-24.
        unreadable: Reason -> how many rows were left out for it.
    """

    number: Tensor
    label: Tensor
    nll: Tensor
    predicted: Tensor
    confidence: Tensor
    log_odds: Tensor
    probability: Tensor
    unreadable: dict[str, int]

    def __len__(self) -> int:
        return len(self.label)


def as_logits(scores: Tensor, kind: Kind) -> Tensor:
    """Scores of any kind as logits, in float32 or float64: the softmax gives the probabilities again."""
    scores = scores.to(torch.promote_types(scores.dtype, torch.float32))
    return scores.log() if kind == "probabilities" else scores


def judge_rows(batch: Batch, kind: Kind) -> Rows:
    """The rows of a batch that can be judged, and what is to be said of each."""
    logits = as_logits(batch.scores, kind) if kind == "probabilities" else batch.scores
    found = survey(logits, batch.target)
    columns = [batch.numbers, batch.target, found.nll, found.predicted, found.confidence, found.log_odds]
    unreadable = {}
    if bool(found.status.any()):
        counts = {reason: int((found.status == status).sum()) for status, reason in REASONS.items()}
        unreadable = {reason: rows for reason, rows in counts.items() if rows}
        columns = [column[found.status == FINE] for column in columns]
    number, label, nll, predicted, confidence, log_odds = columns
    return Rows(number, label, nll, predicted, confidence, log_odds, found.probability, unreadable)
