"""What there is to know of softmax rows."""

from typing import NamedTuple

from torch import Tensor


class Facts(NamedTuple):
    """Facts of softmax rows, each of the rows' shape.

    Attributes:
        nll: -log p of the label, in nats.
        lse: logsumexp of the logits, in nats.
        entropy: Entropy of the predicted distribution, in nats.
        argmax: The class of the largest logit, int64.
        rank: How many classes have a larger logit than the label, int64: 0 if the label is on top, below k if it is in
            the top k.

    A row that is left out is not read: its nll, lse and entropy are 0, its argmax and rank -1.
    """

    nll: Tensor
    lse: Tensor
    entropy: Tensor
    argmax: Tensor
    rank: Tensor
