"""Equalization loss of softmax rows: rare classes are left alone by the rows of other classes."""

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from typing_extensions import Unpack

from xent.core import check
from xent.core.axes import along
from xent.core.check import number
from xent.core.logits import IDENTITY, LogitTransform
from xent.core.precision import arithmetic_dtype
from xent.functional import cross_entropy
from xent.imbalance import inverse_frequency
from xent.nn import CrossEntropyLoss
from xent.presets import eager
from xent.presets.counts import described, sizes
from xent.presets.held import held
from xent.presets.settings import OfBatch, SoftmaxArguments, SoftmaxSettings, compose

if TYPE_CHECKING:
    from xent.imbalance import Counts

__all__ = ["EqualizationLoss", "equalization_loss"]


def equalization_loss(
    input: Tensor,
    target: Tensor,
    counts: "Counts",
    rare: float = 0.5,
    gamma: float = 0.9,
    generator: torch.Generator | None = None,
    **settings: Unpack[SoftmaxArguments],
) -> Tensor:
    r"""Softmax equalization loss: in most rows, rare classes that are not the label have no part in the softmax.

    .. math::
        L = -\log \frac{e^{z_y}}{\sum_k w_k\, e^{z_k}}, \qquad
        w_k = 1 - \beta\, [\pi_k < rare / C]\, [k \ne y], \qquad \beta \sim \mathrm{Bernoulli}(\gamma)

    so that rare classes are not pushed down by the many rows that are not theirs. beta is drawn once a row; others
    draw it for every class of a row, or once a batch. It is drawn in evaluation too.

    Args:
        input: Logits of shape (C,), (N, C) or (N, C, d1, ...).
        target: Class indices.
        counts: Training count n_k of every class, shape (C,), all above 0.
        rare: The frequency below which a class is rare, in units of the equal share 1/C; above 0, at most 1, so that
            never all are rare. It is the paper's lambda times C.
        gamma: The probability in [0, 1] that a row leaves the rare classes alone; 0 is cross entropy. At 1 nothing is
            random, and only the rare classes' own rows train them.
        generator: What draws, on the input's device; torch's own by default.
        **settings: Of :func:`xent.cross_entropy`; ``logits`` without ``valid_classes``. Label smoothing is over the
            classes that take part.

    Returns:
        The loss in nats, as :func:`xent.cross_entropy` returns it.

    Raises:
        ValueError: ``target`` holds probabilities, a parameter is outside its domain, a class is absent from
            ``counts``, and what :func:`xent.cross_entropy` raises.
        TypeError: ``valid_classes`` of ``logits`` is given, ``generator`` is none, or what :mod:`xent.imbalance`
            raises.

    Example:
        >>> import torch, xent
        >>> xent.equalization_loss(torch.zeros(2, 3), torch.tensor([0, 2]), [60, 39, 1], gamma=1.0, reduction="none")
        tensor([0.6931, 1.0986])

    References:
        Tan et al., Equalization Loss for Long-Tailed Object Recognition, 2020.
    """
    name = "equalization_loss"
    check.tensor(name, "input", input)
    seldom = _rare(name, counts, rare).to(input.device)
    _check_draw(name, gamma, generator)
    own = _own(name, input, target, seldom, gamma, generator, settings)
    return cross_entropy(input, target, **compose(name, settings, logits=own))


class EqualizationLoss(CrossEntropyLoss):
    r"""Softmax equalization loss: in most rows, rare classes that are not the label have no part in the softmax.

    See :func:`xent.equalization_loss`.

    Args:
        counts: Training count of every class, shape (C,), all above 0. Which of them are rare is a buffer,
            ``rare_classes``.
        rare: The frequency below which a class is rare, in units of the equal share 1/C; above 0, at most 1.
        gamma: The probability in [0, 1] that a row leaves the rare classes alone.
        generator: What draws, on the input's device; torch's own by default.
        **settings: Of :class:`xent.CrossEntropyLoss`; ``logits`` without ``valid_classes``.

    Shape:
        As :func:`xent.cross_entropy`, with class indices; the loss is in nats.

    Raises:
        ValueError: A parameter is outside its domain, or a class is absent from ``counts``.
        TypeError: ``valid_classes`` of ``logits`` is given, ``generator`` is none, or what :mod:`xent.imbalance`
            raises.

    Example:
        >>> import torch, xent
        >>> criterion = xent.EqualizationLoss([60, 39, 1], gamma=1.0, reduction="none")
        >>> criterion(torch.zeros(2, 3), torch.tensor([0, 2]))
        tensor([0.6931, 1.0986])

    References:
        Tan et al., Equalization Loss for Long-Tailed Object Recognition, 2020.
    """

    def __init__(
        self,
        counts: "Counts",
        rare: float = 0.5,
        gamma: float = 0.9,
        generator: torch.Generator | None = None,
        **settings: Unpack[SoftmaxSettings],
    ) -> None:
        name = "EqualizationLoss"
        seldom = _rare(name, counts, rare)
        _check_draw(name, gamma, generator)
        compose(name, settings, logits=LogitTransform(valid_classes=~seldom))
        super().__init__(**settings)
        self.register_buffer("rare_classes", seldom)
        self.rare_classes: Tensor
        self.rare = rare
        self.gamma = gamma
        self.generator = generator

    def forward(self, input: Tensor, target: Tensor, **batch: Unpack[OfBatch]) -> Tensor:
        """Loss of a batch, in nats; see :func:`xent.equalization_loss`."""
        name = "EqualizationLoss"
        check.tensor(name, "input", input)
        settings = held(self)
        own = _own(name, input, target, self.rare_classes, self.gamma, self.generator, settings)
        return cross_entropy(input, target, **batch, **compose(name, settings, logits=own))

    def extra_repr(self) -> str:
        """Its own parameters, and settings that differ from their defaults."""
        return described(super().extra_repr(), rare=self.rare, gamma=self.gamma)


def _rare(name: str, counts: "Counts", rare: float) -> Tensor:
    """Bool tensor of the classes that are rare."""
    number(name, "rare", rare, above=0.0, most=1.0)
    # Inverse frequencies n / (C n_k) are equal shares over frequencies.
    return 1.0 / inverse_frequency(sizes(name, counts)) < rare


def _check_draw(name: str, gamma: float, generator: torch.Generator | None) -> None:
    number(name, "gamma", gamma, least=0.0, most=1.0)
    if generator is not None and not isinstance(generator, torch.Generator):
        raise TypeError(f"{name}: `generator` must be a torch.Generator or None, not {type(generator).__name__}.")


def _own(
    name: str,
    input: Tensor,
    target: Tensor,
    rare: Tensor,
    gamma: float,
    generator: torch.Generator | None,
    settings: SoftmaxSettings,
) -> LogitTransform:
    """What removes classes from each row's softmax."""
    axis = check.class_axis(input, settings.get("dim"))
    label = _label(name, input, target, rare, axis)
    alone = torch.rand(label.shape, device=input.device, generator=generator) < gamma
    given = settings.get("logits") or IDENTITY
    if given.offset is None and given.valid_classes is None and eager.on_cpu(input, label):
        return LogitTransform(offset=_removal(input, label, rare, alone, axis))
    return LogitTransform(valid_classes=_taking_part(input, label, rare, alone, axis))


def _label(name: str, input: Tensor, target: Tensor, rare: Tensor, axis: int) -> Tensor:
    """Class indices, that the loss can be formed of."""
    check.tensor(name, "target", target)
    if target.shape == input.shape:
        raise ValueError(
            f"{name}: what takes part in a row depends on its label, and `target` holds probabilities. "
            "Pass class indices."
        )
    label = check.index_target(input, target, axis)
    classes = input.shape[axis]
    if rare.numel() != classes:
        raise ValueError(
            f"{name}: `counts` are of {rare.numel()} classes, and `input` has {classes} of them along axis {axis}. "
            "Pass a count for each."
        )
    check.same_device(input, target=target, counts=rare)
    return label


def _taking_part(input: Tensor, label: Tensor, rare: Tensor, alone: Tensor, axis: int) -> Tensor:
    """Bool tensor of the input's shape: the classes that each row's softmax is over."""
    own = along(torch.arange(input.shape[axis], device=input.device), input.ndim, axis) == label.unsqueeze(axis)
    return ~alone.unsqueeze(axis) | own | along(~rare, input.ndim, axis)


def _removal(input: Tensor, label: Tensor, rare: Tensor, alone: Tensor, axis: int) -> Tensor:
    """The same as an offset, -inf for what takes no part, in two passes."""
    none = torch.zeros(rare.shape, dtype=arithmetic_dtype(input))
    either = torch.stack((none, none.masked_fill(rare, -math.inf)))
    offset = either.index_select(0, alone.reshape(-1).long()).view(*label.shape, -1).movedim(-1, axis)
    classes = input.shape[axis]
    label = label.masked_fill((label < 0) | (label >= classes), 0).long()
    return offset.scatter_(axis, label.unsqueeze(axis), 0.0)
