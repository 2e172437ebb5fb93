"""One loss call, checked and settled: what the dispatcher hands to a backend.

From it a backend forms the loss of each row (softmax link) or element (sigmoid link), and its gradient in the
logits. Reduction and denominators are not a backend's concern; see reduce.py.
"""

from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor

from xent.core.event import NLL, Event
from xent.core.logits import IDENTITY, LogitTransform


class SoftmaxCall(NamedTuple):
    """Cross entropy of softmax rows.

    ``target`` holds class indices of the rows' shape if ``indexed``, else probabilities of the logits' shape.
    ``sample_weight`` and ``mask`` have the rows' shape or a leading part of it. ``labels_known`` says that the labels
    have been read, and name classes or are ignored.
    """

    logits: Tensor
    target: Tensor
    indexed: bool
    dim: int
    weight: Tensor | None = None
    ignore_index: int | None = -100
    label_smoothing: float = 0.0
    smoothing_prior: Tensor | None = None
    z_loss: float = 0.0
    event: Event = NLL
    transform: LogitTransform = IDENTITY
    sample_weight: Tensor | None = None
    mask: Tensor | None = None
    labels_known: bool = False

    @property
    def rows_shape(self) -> torch.Size:
        """Shape of what is counted: that of the logits without the class axis."""
        return self.logits.shape[: self.dim] + self.logits.shape[self.dim + 1 :]

    @property
    def ignored(self) -> Tensor | None:
        """Bool tensor of the rows that ignore_index leaves out."""
        return self.target == self.ignore_index if self.indexed and self.ignore_index is not None else None


class ZLPRCall(SoftmaxCall):
    """ZLPR of rows: ``target`` holds the positive share of every class, ``dim`` is the last axis; no other settings."""

    __slots__ = ()


class SigmoidCall(NamedTuple):
    """Binary cross entropy of elements.

    ``weight``, ``pos_weight``, ``neg_weight`` and ``smoothing_prior`` broadcast to the logits as torch broadcasts;
    ``sample_weight`` and ``mask`` have the logits' shape or a leading part of it. ``distance`` above 0 makes
    ``|target - p|**distance`` a factor of the loss, which then has no events, transform or smoothing.
    """

    logits: Tensor
    target: Tensor
    weight: Tensor | None = None
    pos_weight: Tensor | None = None
    neg_weight: Tensor | None = None
    ignore_index: float | None = None
    label_smoothing: float = 0.0
    smoothing_prior: Tensor | None = None
    neg_scale: float = 1.0
    positive: Event = NLL
    negative: Event = NLL
    transform: LogitTransform = IDENTITY
    sample_weight: Tensor | None = None
    mask: Tensor | None = None
    distance: float = 0.0

    @property
    def rows_shape(self) -> torch.Size:
        """Shape of what is counted: that of the logits."""
        return self.logits.shape

    @property
    def ignored(self) -> Tensor | None:
        """Bool tensor of the elements that ignore_index leaves out."""
        return None if self.ignore_index is None else self.target == self.ignore_index


class LogProbabilityCall(SoftmaxCall):
    """nll_loss: ``logits`` are log-probabilities."""

    __slots__ = ()


class ProbabilityCall(SigmoidCall):
    """binary_cross_entropy: ``logits`` are probabilities."""

    __slots__ = ()


class DivergenceCall(NamedTuple):
    """Pointwise KL divergence of ``target`` from log-probabilities ``logits``, both of one shape.

    ``batch`` is the number of distributions that "batchmean" divides by, the first axis before broadcasting.
    """

    logits: Tensor
    target: Tensor
    batch: int
    log_target: bool = False
    sample_weight: Tensor | None = None
    mask: Tensor | None = None

    @property
    def rows_shape(self) -> torch.Size:
        """Shape of what is counted: that of the input."""
        return self.logits.shape

    @property
    def ignored(self) -> Tensor | None:
        """None: there is no ignore_index here."""
        return None


Call: TypeAlias = SoftmaxCall | SigmoidCall | DivergenceCall
