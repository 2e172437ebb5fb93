"""What the tallies ask of some multi-label rows: of every element its two sides, probability and prediction."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from xent.predictions import Batch, Kind

# Why an element cannot be judged.
NO_INDICATOR = "the target is neither 0 nor 1"
NOT_FINITE = "a score is nan"


@dataclass(frozen=True, eq=False)
class Elements:
    """Elements of multi-label predictions, every one a question of its own; all of shape (n, C).

    Attributes:
        number: Of each row, over all files, int64 of shape (n,).
        logits: What the sigmoid makes the probabilities of, float32 or float64; 0 where an element cannot be judged.
        positive: Whether the class applies.
        counted: Whether the element can be judged.
        unreadable: Reason -> how many elements were left out for it.
    """

    number: Tensor
    logits: Tensor
    positive: Tensor
    counted: Tensor
    unreadable: dict[str, int]

    def __len__(self) -> int:
        return len(self.logits)

    @cached_property
    def wrong_way(self) -> Tensor:
        """Logits as they push in the wrong direction: z of negatives, -z of positives."""
        return torch.where(self.positive, -self.logits, self.logits)

    def probabilities(self) -> Tensor:
        """The sigmoid."""
        return sigmoid(self.logits)

    def doubt(self) -> Tensor:
        """How far a logit is on the wrong side of 0; negative where it is on the right one."""
        return self.wrong_way.masked_fill(~self.counted, -torch.inf)

    def nll(self) -> Tensor:
        """Binary cross entropy of every element, in nats; 0 where it cannot be judged."""
        return softplus(self.wrong_way).masked_fill_(~self.counted, 0.0)


# torch's softplus and sigmoid give other last bits to the last elements of a tensor than to the others, and sums would
# depend on how rows are batched. These are made of operations that do not.


def softplus(x: Tensor) -> Tensor:
    """log(1 + e^x)."""
    return x.clamp(min=0.0) + torch.log1p(torch.exp(-x.abs()))


def sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + e^-x)."""
    decay = torch.exp(-x.abs())
    return torch.where(x >= 0, 1.0, decay) / (1.0 + decay)


def judge_elements(batch: Batch, kind: Kind) -> Elements:
    """The elements of a batch, and which of them can be judged."""
    logits, target = _as_logits(batch.scores, kind), batch.target
    indicates = (target == 0) | (target == 1)
    is_number = ~logits.isnan()
    counted = indicates & is_number
    unreadable = {NO_INDICATOR: int((~indicates).sum()), NOT_FINITE: int((indicates & ~is_number).sum())}
    return Elements(
        batch.numbers,
        logits.masked_fill(~counted, 0.0),
        (target == 1) & counted,
        counted,
        {reason: elements for reason, elements in unreadable.items() if elements},
    )


def _as_logits(scores: Tensor, kind: Kind) -> Tensor:
    scores = scores.to(torch.promote_types(scores.dtype, torch.float32))
    if kind == "logits":
        return scores
    return torch.logit(scores.exp() if kind == "log-probabilities" else scores)
