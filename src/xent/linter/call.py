"""What a rule sees: a loss and what it was given, or predictions that were saved with their labels."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from torch import Tensor

from xent.core.event import NLL, Event
from xent.core.logits import IDENTITY, LogitTransform
from xent.core.reduce import Normalizer
from xent.linter.facts import Facts

# torch's functions; a loss that none of them is made of; and no loss, but predictions out of a file.
Loss = Literal[
    "cross_entropy",
    "nll_loss",
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy",
    "kl_div",
    "other",
    "predictions",
]

# What many rules are asked of.
BINARY: tuple[Loss, ...] = ("binary_cross_entropy_with_logits", "binary_cross_entropy")
OF_LABELS: tuple[Loss, ...] = ("cross_entropy", "nll_loss")
ANY_LOSS: tuple[Loss, ...] = (*OF_LABELS, *BINARY, "kl_div", "other")

Kind = Literal["logits", "probabilities", "log-probabilities"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Call:
    """A call of a loss, with every setting by torch's name and torch's default where it was not given.

    Attributes:
        loss: Which of torch's functions it is.
        input: As it was given; it may carry an autograd graph, which tells what made it.
        target: As it was given.
        name: The loss as its user calls it, such as "LDAMLoss".
        kind: What predictions were said to be; None if nothing was said. Losses know what they take.
        dim: The class axis, never negative.
        weight: Class weights (elements' weights for binary losses).
        pos_weight: Weights of the positives, binary losses only.
        neg_weight: Weights of the negatives, binary losses of xent only.
        reduction: "mean", "sum", "none"; "batchmean" for KL.
        ignore_index: None for binary losses unless given.
        label_smoothing: eps in [0, 1].
        smoothing_prior: What label smoothing mixes in; uniform if None; xent only.
        log_target: KL only.
        sample_weight: How often a row counts; xent only.
        mask: Which elements or rows count; xent only.
        normalizer: What the mean divides by instead of its own denominator; xent only.
        event: The loss of the label (of the positive side, for binary losses); xent only.
        negative: The loss of the negative side; xent only.
        transform: What happens to the logits; xent only.
        module: The loss as an object, for rules that try it out; None if there is only its name.
        value: The loss, as it came out or was reported, in nats.
        counts: Rows of every class in training, float64 of shape (C,).
        step: Steps of the optimizer so far; None if nobody knows.
    """

    loss: Loss
    input: Tensor
    target: Tensor
    name: str = ""
    kind: Kind | None = None
    dim: int = 1
    weight: Tensor | None = None
    pos_weight: Tensor | None = None
    neg_weight: Tensor | None = None
    reduction: str = "mean"
    ignore_index: float | None = None
    label_smoothing: float = 0.0
    smoothing_prior: Tensor | None = None
    log_target: bool = False
    sample_weight: Tensor | None = None
    mask: Tensor | None = None
    normalizer: Normalizer | None = None
    event: Event = NLL
    negative: Event = NLL
    transform: LogitTransform = IDENTITY
    module: Callable[..., Any] | None = None
    value: Tensor | None = None
    counts: Tensor | None = None
    step: int | None = None

    @cached_property
    def facts(self) -> Facts:
        """What more than one rule asks, computed once."""
        return Facts(self)

    @property
    def is_binary(self) -> bool:
        """Whether every element is a question of its own."""
        return self.loss in BINARY

    @property
    def is_torchs(self) -> bool:
        """Whether the loss is torch's own, function or module: it does what torch does with ignored and -inf logits."""
        named = self.module if hasattr(self.module, "__name__") else type(self.module)
        return getattr(named, "__module__", "").split(".")[0] == "torch"
