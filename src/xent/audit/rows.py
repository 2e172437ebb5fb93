"""What the tallies ask of some rows: of single-label ones the probability of the label, the prediction and the rest."""

from dataclasses import dataclass

import torch
from torch import Tensor

from xent.functional import cross_entropy
from xent.predictions import Batch, Kind

# Why a row cannot be judged.
NO_CLASS = "the label is no class"
NOT_FINITE = "a score is nan or infinite"


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of single-label predictions that can be judged.

    Attributes:
        number: Of each row, over all files, int64 of shape (n,).
        label: int64 of shape (n,).
        logits: What the softmax makes the probabilities of, (n, C), float32 or float64.
        nll: Cross entropy in nats, float64 of shape (n,); inf where the label has probability 0.
        predicted: The most probable class, int64 of shape (n,).
        confidence: Its probability, float64 of shape (n,).
        log_odds: Logit of the predicted class less that of the label: how much the label is doubted, (n,).
        lse: Log-sum-exp of the logits, (n,).
        unreadable: Reason -> how many rows were left out for it.
    """

    number: Tensor
    label: Tensor
    logits: Tensor
    nll: Tensor
    predicted: Tensor
    confidence: Tensor
    log_odds: Tensor
    lse: Tensor
    unreadable: dict[str, int]

    def __len__(self) -> int:
        return len(self.label)

    def probabilities(self) -> Tensor:
        """The softmax, (n, C)."""
        return (self.logits - self.lse[:, None]).exp_()


def as_logits(scores: Tensor, kind: Kind) -> Tensor:
    """Scores of any kind as logits, in float32 or float64: the softmax gives the probabilities again."""
    scores = scores.to(torch.promote_types(scores.dtype, torch.float32))
    return scores.log() if kind == "probabilities" else scores


def judge_rows(batch: Batch, kind: Kind) -> Rows:
    """The rows of a batch that can be judged, and what is to be said of each."""
    logits, label = as_logits(batch.scores, kind), batch.target
    number = batch.numbers
    inside = (label >= 0) & (label < logits.shape[1])
    top, predicted = logits.max(1)
    # A nan is the largest of its row; -inf is probability 0, but not in all of the row.
    usable = inside & top.isfinite()
    unreadable = {NO_CLASS: int((~inside).sum()), NOT_FINITE: int((inside & ~usable).sum())}
    if not bool(usable.all()):
        number, label, logits, top, predicted = (each[usable] for each in (number, label, logits, top, predicted))
    nll = cross_entropy(logits, label, reduction="none")
    of_label = logits.gather(1, label[:, None]).squeeze(1)
    lse = nll + of_label
    impossible = ~lse.isfinite()
    if bool(impossible.any()):
        lse[impossible] = logits[impossible].logsumexp(1)
    return Rows(
        number,
        label,
        logits,
        nll.double(),
        predicted,
        (top - lse).double().exp().clamp(max=1.0),
        (top - of_label).double(),
        lse,
        {reason: rows for reason, rows in unreadable.items() if rows},
    )
