"""What there is to know of softmax rows."""

from typing import NamedTuple

from torch import Tensor


class Facts(NamedTuple):
    """Facts of softmax rows, each of the rows' shape.

    Attributes:
        nll: -log p of the label, in nats; 0 for rows that are left out.
        lse: logsumexp of the logits, in nats.
        entropy: Entropy of the predicted distribution, in nats.
        argmax: The class of the largest logit, int64.
        rank: How many classes have a larger logit than the label, int64: 0 if the label is on top, below k if it is in
            the top k; -1 for rows that are left out.
    """

    nll: Tensor
    lse: Tensor
    entropy: Tensor
    argmax: Tensor
    rank: Tensor
