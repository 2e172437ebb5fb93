"""What an audit asks of softmax rows, in PyTorch's operations."""

import torch
from torch import Tensor

from xent.core.precision import arithmetic_dtype
from xent.core.survey import FINE, NO_CLASS, NO_SOFTMAX, UNIT_BITS, Survey

# Logits that are looked at together, so that what is made of them does not grow with the call. In units of 2^-24 the
# sums of their probabilities are exact in float64, whatever the order.
LOGITS_AT_ONCE = 1 << 20


def survey(logits: Tensor, label: Tensor) -> Survey:
    """Of logits (n, C) and labels (n,) int64."""
    rows = max(1, LOGITS_AT_ONCE // logits.shape[1])
    parts = [_survey(logits[at : at + rows], label[at : at + rows]) for at in range(0, max(1, len(label)), rows)]
    *of_rows, probability = zip(*parts, strict=True)
    status, nll, predicted, confidence, log_odds = (torch.cat(column) for column in of_rows)
    return Survey(status, nll, predicted, confidence, log_odds, torch.stack(probability).sum(0))


def _survey(logits: Tensor, label: Tensor) -> Survey:
    z = logits.to(arithmetic_dtype(logits))
    inside = (label >= 0) & (label < z.shape[1])
    # A nan is the largest of its row; -inf is probability 0, but not in all of the row.
    peak, predicted = z.max(1)
    fine = inside & peak.isfinite()
    own = label.masked_fill(~inside, 0)[:, None]
    gap = (z.gather(1, own).squeeze(1).double() - peak.double()).masked_fill(~fine, 0.0)
    odds = (z - peak[:, None]).exp_().masked_fill_(~fine[:, None], 0.0)
    # As everywhere, the label is left out of its row's sum.
    others = odds.scatter(1, own, 0.0).sum(1, dtype=torch.float64)
    total = others + gap.exp()
    units = odds.mul_(((1 << UNIT_BITS) / total).to(z.dtype)[:, None]).round_()
    return Survey(
        torch.where(fine, FINE, torch.where(inside, NO_SOFTMAX, NO_CLASS)).to(torch.uint8),
        torch.where(gap == 0, others.log1p(), total.log() - gap),
        predicted,
        1 / total,
        -gap,
        units.sum(0, dtype=torch.float64).long(),
    )
