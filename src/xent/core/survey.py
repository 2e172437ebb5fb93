"""What an audit asks of softmax rows of a label, all in one visit of each."""

from typing import NamedTuple

from torch import Tensor

# Whether there is anything to be said of a row: its label may be no class, or a logit nan or infinity, or all -inf.
FINE, NO_CLASS, NO_SOFTMAX = 0, 1, 2

# Probabilities are summed in units of 2^-24, the precision of float32 below 1: integers give the same sum in any order.
UNIT_BITS = 24


class Survey(NamedTuple):
    """Of rows, each of shape (n,); and of classes.

    Attributes:
        status: FINE, NO_CLASS or NO_SOFTMAX, uint8. Of rows that are not fine the other numbers say nothing.
        nll: Cross entropy in nats, float64; inf where the label has probability 0.
        predicted: The class of the largest logit, the first of equal ones, int64.
        confidence: Its probability, float64.
        log_odds: Its logit less that of the label, float64.
        probability: Of every class, the sum over the fine rows of its probability, int64 of shape (C,) in units of
            2^-UNIT_BITS.
    """

    status: Tensor
    nll: Tensor
    predicted: Tensor
    confidence: Tensor
    log_odds: Tensor
    probability: Tensor
