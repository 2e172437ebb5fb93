"""Label-aware smoothing: the labels of frequent classes, of which models grow too certain, are smoothed the most."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor
from typing_extensions import Unpack

from xent.core.check import number
from xent.imbalance import inverse_frequency
from xent.nn import CrossEntropyLoss
from xent.presets.counts import described, like_counts, like_input, sizes
from xent.presets.held import held
from xent.presets.row_smoothing import refuse_inplace, smoothed_by_label
from xent.presets.settings import OfBatch, SoftmaxArguments, SoftmaxSettings, compose

if TYPE_CHECKING:
    from xent.imbalance import Counts

__all__ = ["LabelAwareSmoothingLoss", "label_aware_smoothing_loss"]

# The share of head, from 0 for the rarest class to 1 for the most frequent one.
SHAPES: dict[str, Callable[[Tensor], Tensor]] = {
    "concave": lambda share: torch.sin(share * math.pi / 2),
    "linear": lambda share: share,
    "convex": lambda share: 1 - torch.cos(share * math.pi / 2),
}


def label_aware_smoothing_loss(
    input: Tensor,
    target: Tensor,
    counts: "Counts",
    head: float = 0.4,
    tail: float = 0.1,
    shape: Literal["concave", "linear", "convex"] = "concave",
    **settings: Unpack[SoftmaxArguments],
) -> Tensor:
    r"""Cross entropy in which the class of the label says how much of it is smoothed.

    .. math::
        t'_k = (1-\epsilon_y)\,[k = y] + \epsilon_y / C, \qquad
        \epsilon_y = tail + (head - tail)\, f\!\left(\frac{n_y - n_{min}}{n_{max} - n_{min}}\right)

    with f(x) = sin(pi x/2) for "concave", x for "linear", 1 - cos(pi x/2) for "convex". If all classes are equally
    frequent, there is no head: every eps is ``tail``. As in the authors' code, and in ``label_smoothing``, eps is
    shared by all C classes, the label too; the paper's text shares it among the other C - 1, which is this with a
    ``head`` and ``tail`` C/(C-1) times as large.

    Args:
        input: Logits of shape (C,), (N, C) or (N, C, d1, ...).
        target: Class indices.
        counts: Training count n_k of every class, shape (C,), all above 0.
        head: eps of the most frequent class, in [0, 1].
        tail: eps of the rarest class, in [0, 1].
        shape: "concave", "linear" or "convex".
        **settings: Of :func:`xent.cross_entropy`, but for ``label_smoothing`` and ``inplace_gradient``. What is mixed
            in is uniform unless ``smoothing_prior`` is given.

    Returns:
        The loss in nats, as :func:`xent.cross_entropy` returns it.

    Raises:
        ValueError: ``target`` holds probabilities, a parameter is outside its domain, a class is absent from
            ``counts``, and what :func:`xent.cross_entropy` raises.
        TypeError: ``label_smoothing`` is given, or what :mod:`xent.imbalance` raises.

    Example:
        >>> import torch, xent
        >>> logits = torch.tensor([[2.0, 0.0], [0.0, 2.0]])
        >>> xent.label_aware_smoothing_loss(logits, torch.tensor([0, 1]), [90, 10], reduction="none")
        tensor([0.5269, 0.2269])

    References:
        Zhong et al., Improving Calibration for Long-Tailed Recognition, 2021.
    """
    name = "label_aware_smoothing_loss"
    smoothing = like_input(name, _smoothing(name, counts, head, tail, shape), input)
    return smoothed_by_label(name, input, target, smoothing, **settings)


class LabelAwareSmoothingLoss(CrossEntropyLoss):
    r"""Cross entropy in which the class of the label says how much of it is smoothed.

    See :func:`xent.label_aware_smoothing_loss`.

    Args:
        counts: Training count of every class, shape (C,), all above 0. The eps are a buffer, ``smoothing``.
        head: eps of the most frequent class, in [0, 1].
        tail: eps of the rarest class, in [0, 1].
        shape: "concave", "linear" or "convex".
        **settings: Of :class:`xent.CrossEntropyLoss`, but for ``label_smoothing`` and ``inplace_gradient``.

    Shape:
        As :func:`xent.cross_entropy`, with class indices; the loss is in nats.

    Raises:
        ValueError: A parameter is outside its domain, or a class is absent from ``counts``.
        TypeError: ``label_smoothing`` is given, or what :mod:`xent.imbalance` raises.

    Example:
        >>> import torch, xent
        >>> criterion = xent.LabelAwareSmoothingLoss([90, 10], reduction="none")
        >>> criterion(torch.tensor([[2.0, 0.0], [0.0, 2.0]]), torch.tensor([0, 1]))
        tensor([0.5269, 0.2269])

    References:
        Zhong et al., Improving Calibration for Long-Tailed Recognition, 2021.
    """

    def __init__(
        self,
        counts: "Counts",
        head: float = 0.4,
        tail: float = 0.1,
        shape: Literal["concave", "linear", "convex"] = "concave",
        **settings: Unpack[SoftmaxSettings],
    ) -> None:
        name = "LabelAwareSmoothingLoss"
        smoothing = _smoothing(name, counts, head, tail, shape)
        refuse_inplace(name, settings.get("inplace_gradient", False))
        super().__init__(**compose(name, settings, label_smoothing=0.0))
        self.register_buffer("smoothing", like_counts(smoothing, counts))
        self.smoothing: Tensor
        self.head = head
        self.tail = tail
        self.shape = shape

    def forward(self, input: Tensor, target: Tensor, **batch: Unpack[OfBatch]) -> Tensor:
        """Loss of a batch, in nats; see :func:`xent.label_aware_smoothing_loss`."""
        return smoothed_by_label(
            "LabelAwareSmoothingLoss",
            input,
            target,
            self.smoothing,
            **batch,
            **held(self),
        )

    def extra_repr(self) -> str:
        """Its own parameters, and settings that differ from their defaults."""
        shape = "" if self.shape == "concave" else f"shape={self.shape}"
        others = ", ".join(filter(None, (shape, super().extra_repr())))
        return described(others, head=self.head, tail=self.tail)


def _smoothing(name: str, counts: "Counts", head: float, tail: float, shape: str) -> Tensor:
    """The eps of every class, in float64."""
    number(name, "head", head, least=0.0, most=1.0)
    number(name, "tail", tail, least=0.0, most=1.0)
    if shape not in SHAPES:
        raise ValueError(f"{name}: `shape` must be one of {', '.join(SHAPES)}, got {shape!r}.")
    frequency = 1.0 / inverse_frequency(sizes(name, counts))
    above_rarest = frequency - frequency.min()
    spread = above_rarest.max()
    share = above_rarest / spread if spread > 0 else above_rarest
    return tail + (head - tail) * SHAPES[shape](share)
