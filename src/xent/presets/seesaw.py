"""Seesaw loss: frequent classes push rare ones down less, unless they are confused with them."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from typing_extensions import Unpack

from xent.core import check
from xent.core.axes import along, leading
from xent.core.check import number
from xent.core.logits import LogitTransform, transform
from xent.core.precision import arithmetic_dtype
from xent.core.reduce import Normalizer
from xent.functional import cross_entropy
from xent.nn import CrossEntropyLoss
from xent.presets import eager
from xent.presets.counts import described, exact
from xent.presets.held import held
from xent.presets.settings import SoftmaxArguments, SoftmaxSettings, compose

if TYPE_CHECKING:
    from xent.imbalance import Counts

__all__ = ["SeesawLoss", "seesaw_loss"]


def seesaw_loss(
    input: Tensor,
    target: Tensor,
    counts: "Counts",
    p: float = 0.8,
    q: float = 2.0,
    **settings: Unpack[SoftmaxArguments],
) -> Tensor:
    r"""Seesaw loss, :math:`-\log \frac{e^{z_y}}{\sum_k S_{yk} e^{z_k}}` with :math:`S_{yk} = M_{yk} C_{yk}`.

    .. math::
        M_{yk} = \min(1, (n_k / n_y)^p), \qquad C_{yk} = \max(1, (\sigma_k / \sigma_y)^q)

    The mitigation M lets rows of a frequent class y push a rarer class k less; the compensation C takes that back
    where the row is mistaken for k. :math:`\sigma` is the plain softmax of the logits, after softcap, scale and
    ``valid_classes`` if there are any and before margins; no gradient goes through it. A class with count 0 counts as
    one row.

    Args:
        input: Logits of shape (C,), (N, C) or (N, C, d1, ...).
        target: Class indices; S belongs to one label, so that probabilities are refused.
        counts: Rows of every class seen so far, shape (C,), whole numbers: a tensor, an array, a list or
            :class:`xent.imbalance.ClassCounts`.
        p: Exponent of the mitigation, at least 0; 0 leaves it out.
        q: Exponent of the compensation, at least 0; 0 leaves it out.
        **settings: Of :func:`xent.cross_entropy`; ``logits`` without an ``offset``.

    Returns:
        The loss in nats, as :func:`xent.cross_entropy` returns it.

    Raises:
        ValueError: ``counts`` are no whole numbers of at least 0, one a class; ``p`` or ``q`` is below 0; ``target``
            holds probabilities; and what :func:`xent.cross_entropy` raises.
        TypeError: ``counts``, ``p`` or ``q`` are no numbers; ``logits`` with an ``offset`` is given.

    Example:
        >>> import torch, xent
        >>> xent.seesaw_loss(torch.zeros(1, 2), torch.tensor([0]), counts=[4, 1], p=0.5)
        tensor(0.4055)

    References:
        Wang et al., Seesaw Loss for Long-Tailed Instance Segmentation, 2021.
    """
    name = "seesaw_loss"
    exponents = (number(name, "p", p, least=0), number(name, "q", q, least=0))
    check.tensor(name, "input", input)
    log_counts = _log_counts(name, counts)
    return _seesaw(name, input, target, log_counts, exponents, settings)


class SeesawLoss(CrossEntropyLoss):
    r"""Seesaw loss, :math:`-\log \frac{e^{z_y}}{\sum_k S_{yk} e^{z_k}}`; see :func:`xent.seesaw_loss`.

    In training mode a batch's labels are counted before its loss is formed, each row that is read once, whatever its
    ``sample_weight``; in evaluation mode the counts stay as they are. They are the buffer ``counts``, int64: part of
    ``state_dict``, and left alone by ``half()``.

    Args:
        num_classes: C. Not needed where ``counts`` are given.
        p: Exponent of the mitigation, at least 0; 0 leaves it out.
        q: Exponent of the compensation, at least 0; 0 leaves it out.
        counts: What the counting starts from, whole numbers of shape (C,): a tensor, an array, a list or
            :class:`xent.imbalance.ClassCounts`. By default nothing has been seen.
        sync_counts: Add up the counts of a batch over all ranks of ``torch.distributed``, where that is initialised.
            Every rank must then call the loss equally often in training mode, or the others wait.
        **settings: Of :class:`xent.CrossEntropyLoss`; ``logits`` without an ``offset``.

    Shape:
        As :func:`xent.cross_entropy`, class indices only; the loss is in nats.

    Raises:
        ValueError: ``counts`` are no whole numbers of at least 0, one a class; ``num_classes`` is below 1, or not their
            number; ``p`` or ``q`` is below 0.
        TypeError: Neither ``num_classes`` nor ``counts`` is given; an argument has the wrong type; ``logits`` with an
            ``offset`` is given.

    Example:
        >>> import torch, xent
        >>> criterion = xent.SeesawLoss(2, p=0.5)
        >>> criterion(torch.zeros(5, 2), torch.tensor([0, 0, 0, 0, 1]))
        tensor(0.4630)
        >>> criterion.counts
        tensor([4, 1])

    References:
        Wang et al., Seesaw Loss for Long-Tailed Instance Segmentation, 2021.
    """

    counts: Tensor

    def __init__(
        self,
        num_classes: int | None = None,
        p: float = 0.8,
        q: float = 2.0,
        *,
        counts: "Counts | None" = None,
        sync_counts: bool = False,
        **settings: Unpack[SoftmaxSettings],
    ) -> None:
        name = "SeesawLoss"
        _refuse_offset(name, settings.get("logits"))
        super().__init__(**settings)
        self.p = number(name, "p", p, least=0)
        self.q = number(name, "q", q, least=0)
        self.sync_counts = sync_counts
        self.register_buffer("counts", _first_counts(name, num_classes, counts))

    def forward(
        self,
        input: Tensor,
        target: Tensor,
        *,
        sample_weight: Tensor | None = None,
        mask: Tensor | None = None,
        normalizer: Normalizer | None = None,
    ) -> Tensor:
        """Loss of a batch, in nats; in training mode its labels are counted first."""
        counts = self.counts
        if self.training and isinstance(target, Tensor) and not target.is_floating_point():
            counts = counts + self._batch_counts(target, sample_weight, mask)
        settings: SoftmaxArguments = {
            **held(self),
            "sample_weight": sample_weight,
            "mask": mask,
            "normalizer": normalizer,
        }
        check.tensor("SeesawLoss", "input", input)
        loss = _seesaw("SeesawLoss", input, target, _log(counts), (self.p, self.q), settings)
        if counts is not self.counts:
            self.counts.copy_(counts)  # not before: a batch that is refused is not counted
        return loss

    def _batch_counts(self, target: Tensor, sample_weight: Tensor | None, mask: Tensor | None) -> Tensor:
        """Rows of every class in a batch, on all ranks if so wanted."""
        label = target.detach().long()
        classes = self.counts.shape[0]
        read = (label != self.ignore_index) & (label >= 0) & (label < classes)
        for rows in (mask, sample_weight):
            if isinstance(rows, Tensor) and rows.shape == label.shape[: rows.ndim]:
                read = read & (leading(rows, label.ndim) != 0)
        index = label.masked_fill(~read, 0).reshape(-1)
        batch = torch.zeros_like(self.counts).scatter_add(0, index, read.long().reshape(-1))
        if self.sync_counts and torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.all_reduce(batch)
        return batch

    def extra_repr(self) -> str:
        """Its own parameters, and settings that differ from torch's defaults."""
        own = described(super().extra_repr(), num_classes=len(self.counts), p=self.p, q=self.q)
        return f"{own}, sync_counts=True" if self.sync_counts else own


def _seesaw(
    name: str,
    input: Tensor,
    target: Tensor,
    log_counts: Tensor,
    exponents: tuple[float, float],
    settings: SoftmaxArguments,
) -> Tensor:
    axis = check.class_axis(input, settings.get("dim"))
    check.tensor(name, "target", target)
    check.floating(name, "input", input)
    if target.shape == input.shape:
        raise ValueError(f"{name}: `target` holds probabilities, and S belongs to a label. Pass class indices.")
    label = check.index_target(input, target, axis)
    if log_counts.shape[0] != input.shape[axis]:
        raise ValueError(
            f"{name}: `counts` must hold one number for each of the {input.shape[axis]} classes of `input` "
            f"{tuple(input.shape)}, got {log_counts.shape[0]}."
        )
    given = check.softmax_transform(settings.get("logits"), input, axis, indexed=True)
    offset = _log_seesaw(input.detach(), label, log_counts, exponents, axis, given)
    return cross_entropy(input, target, **compose(name, settings, logits=LogitTransform(offset=offset)))


def _log_seesaw(
    input: Tensor,
    label: Tensor,
    log_counts: Tensor,
    exponents: tuple[float, float],
    axis: int,
    given: LogitTransform,
) -> Tensor:
    """Log S of the input's shape: the row of S that belongs to the label, where there is one."""
    p, q = exponents
    classes = input.shape[axis]
    label = label.masked_fill((label < 0) | (label >= classes), 0).long()
    z = transform(input.to(arithmetic_dtype(input)), given, axis).detach()
    mitigation = _log_mitigation(log_counts.to(input.device, z.dtype), label, p, axis)
    if q == 0:
        return mitigation
    # Both logarithms of the softmax lack the same constant. A class of probability 0 compensates nothing, nor does
    # anything compensate for a label of probability 0, whose loss is infinite anyway: nothing leads the largest number.
    own = z.gather(axis, label.unsqueeze(axis))
    lead = z - own.masked_fill(torch.isinf(own), torch.finfo(z.dtype).max)
    add = mitigation.add_ if eager.on_cpu(input, label) else mitigation.add
    return add(lead.relu_(), alpha=q)


def _log_mitigation(log_counts: Tensor, label: Tensor, p: float, axis: int) -> Tensor:
    """Log M, with the class axis put in: the row of M that belongs to the label."""
    if 2 * len(log_counts) <= label.numel() and eager.on_cpu(log_counts, label):
        # Labels come several times, so that rows are looked up faster than they are formed.
        table = (log_counts - log_counts.unsqueeze(1)).clamp_(max=0).mul_(p)
        return table.index_select(0, label.reshape(-1)).view(*label.shape, -1).movedim(-1, axis)
    own = log_counts[label.unsqueeze(axis)]
    return p * (along(log_counts, own.ndim, axis) - own).clamp(max=0)


def _log_counts(name: str, counts: "Counts") -> Tensor:
    n = _numbers(name, counts)
    # Values are looked at where that makes nobody wait and breaks no trace.
    if eager.on_cpu(n):
        _check_values(name, n)
    return _log(n)


def _log(counts: Tensor) -> Tensor:
    """Logarithm of the counts, in float64; a class without rows has one."""
    return counts.to(torch.float64).clamp(min=1.0).log()


def _first_counts(name: str, num_classes: int | None, counts: "Counts | None") -> Tensor:
    """Counts in int64, which no cast of a module touches; 0 of every class if there is only their number."""
    if num_classes is not None:
        _check_num_classes(name, num_classes)
    if counts is None:
        if num_classes is None:
            raise TypeError(f"{name}: `num_classes` is missing. Pass it, or the `counts` to start from.")
        return torch.zeros(num_classes, dtype=torch.int64)
    n = _numbers(name, counts)
    _check_values(name, n)
    if num_classes not in (None, len(n)):
        raise ValueError(f"{name}: `counts` must hold one number for each of {num_classes} classes, got {len(n)}.")
    return n.to(torch.int64)


def _check_num_classes(name: str, num_classes: int) -> None:
    if isinstance(num_classes, bool) or not isinstance(num_classes, int):
        raise TypeError(
            f"{name}: `num_classes` must be a whole number, not {type(num_classes).__name__}. Counts to start from are "
            "given by name: counts=..."
        )
    if num_classes < 1:
        raise ValueError(f"{name}: `num_classes` must be at least 1, got {num_classes}.")


def _numbers(name: str, counts: "Counts") -> Tensor:
    n = exact(counts)
    if not isinstance(n, Tensor) or n.dtype != torch.float64:
        raise TypeError(f"{name}: `counts` must be real numbers, one a class, got {type(counts).__name__}.")
    if n.ndim != 1 or n.numel() == 0:
        raise ValueError(f"{name}: `counts` must have shape (C,), one count a class, got {tuple(n.shape)}.")
    return n.detach()


def _check_values(name: str, n: Tensor) -> None:
    unusable = torch.nonzero((n < 0) | (n != n.round()) | torch.isinf(n)).flatten().tolist()
    if unusable:
        first = unusable[0]
        raise ValueError(
            f"{name}: `counts` must be whole numbers of at least 0, got {n[first].item():g} for class {first}. "
            "Frequencies will not do: a class that has not been seen counts as one row."
        )


def _refuse_offset(name: str, given: LogitTransform | None) -> None:
    compose(name, {"logits": given}, logits=LogitTransform(offset=torch.zeros(1)))
