"""Deferred re-weighting: learn plainly first, weigh the classes later."""

from typing import Any

import torch
from torch import Tensor

__all__ = ["DeferredReweighting"]

WEIGHTS = ("weight", "pos_weight")


class DeferredReweighting(torch.nn.Module):
    r"""A criterion that is weighted from an epoch on, :math:`w_k = 1` before ``start``.

    Features learned under strong weights are worse, and a classifier learned without them neglects rare classes: so
    the weights come late, where the learning rate has been lowered. A schedule for any loss::

        weight = xent.imbalance.effective_number(counts, beta=0.9999)
        criterion = xent.DeferredReweighting(xent.LDAMLoss(counts), start=160, weight=weight)
        for epoch in range(200):
            ...  # loss = criterion(logits, labels)
            criterion.step()

    Its ``state_dict`` holds the epoch, so that a resumed run goes on where it was; ``set_epoch`` sets it where the
    loop keeps count itself.

    Args:
        criterion: A module with a buffer ``weight`` (or ``pos_weight``), of xent or torch or your own. What it has
            there, usually nothing, it has before ``start``.
        start: The first epoch with the weights; epochs count from 0.
        weight: Class weights that take the place of ``criterion.weight``, as :func:`xent.imbalance.effective_number`
            and :func:`xent.imbalance.inverse_frequency` make them.
        pos_weight: Likewise for ``criterion.pos_weight`` of a multi-label loss.

    Shape:
        As the criterion, to which the call goes with all its arguments.

    Raises:
        TypeError: ``criterion`` is no module, or has no buffer of that name; neither weight is given, or it is no
            tensor of floating point; ``start`` is no whole number.
        ValueError: ``start`` is below 0; a weight requires grad; in the call, a weight is of another number of classes.

    Example:
        >>> import torch, xent
        >>> criterion = xent.DeferredReweighting(torch.nn.CrossEntropyLoss(), start=1, weight=torch.tensor([1.0, 3.0]))
        >>> logits, labels = torch.tensor([[1.0, 0.0], [1.0, 0.0]]), torch.tensor([0, 1])
        >>> criterion(logits, labels)
        tensor(0.8133)
        >>> criterion.step()
        >>> criterion(logits, labels)
        tensor(1.0633)

    References:
        Cao et al., Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss, 2019.
    """

    def __init__(
        self,
        criterion: torch.nn.Module,
        start: int,
        *,
        weight: Tensor | None = None,
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__()
        given = {"weight": weight, "pos_weight": pos_weight}
        _check(criterion, given)
        self.start = _epoch_number("start", start)
        self.criterion = criterion
        for name, value in given.items():
            self.register_buffer(f"deferred_{name}", value)
            if value is not None:
                own = getattr(criterion, name)
                self.register_buffer(f"early_{name}", own)
                # What the criterion holds depends on the epoch: a checkpoint keeps the epoch and both weights instead.
                criterion.register_buffer(name, own, persistent=False)
        self.set_epoch(0)

    @property
    def epoch(self) -> int:
        """The epoch it stands at, from 0."""
        return self._epoch

    @property
    def is_weighted(self) -> bool:
        """Whether the deferred weights are in force."""
        return self._epoch >= self.start

    def step(self) -> None:
        """Goes on to the next epoch; call it once at the end of each."""
        self.set_epoch(self._epoch + 1)

    def set_epoch(self, epoch: int) -> None:
        """Goes to an epoch.

        Args:
            epoch: From 0.

        Raises:
            TypeError: ``epoch`` is no whole number.
            ValueError: It is below 0.
        """
        self._epoch = _epoch_number("epoch", epoch)
        stage = "deferred" if self.is_weighted else "early"
        for name in WEIGHTS:
            if getattr(self, f"deferred_{name}") is not None:
                setattr(self.criterion, name, getattr(self, f"{stage}_{name}"))

    def forward(self, *arguments: Any, **keywords: Any) -> Tensor:
        """Loss of a batch: what the criterion makes of the arguments."""
        if not self.is_weighted and arguments:
            self._foresee(arguments[0])
        loss: Tensor = self.criterion(*arguments, **keywords)
        return loss

    def get_extra_state(self) -> Tensor:
        """The epoch, for ``state_dict``."""
        return torch.tensor(self._epoch)

    def set_extra_state(self, state: Tensor) -> None:
        """Takes up the epoch of a ``state_dict``."""
        self.set_epoch(int(state))

    def _foresee(self, input: Any) -> None:
        """Refuses weights of another number of classes at once, not when they come into force epochs later."""
        for name in WEIGHTS:
            value = getattr(self, f"deferred_{name}")
            if value is None or value.ndim != 1 or not isinstance(input, Tensor):
                continue
            if len(value) != 1 and len(value) not in input.shape:
                raise ValueError(
                    f"DeferredReweighting: `{name}` must hold one number for each class of `input` "
                    f"{tuple(input.shape)}, got {len(value)}."
                )

    def extra_repr(self) -> str:
        """Where it starts, and where it stands."""
        return f"start={self.start}, epoch={self._epoch}"


def _check(criterion: torch.nn.Module, given: dict[str, Tensor | None]) -> None:
    if not isinstance(criterion, torch.nn.Module):
        raise TypeError(
            f"DeferredReweighting: `criterion` must be a loss module, not {type(criterion).__name__}, "
            "for example xent.CrossEntropyLoss()."
        )
    if all(value is None for value in given.values()):
        raise TypeError(
            "DeferredReweighting: nothing to defer. Pass `weight`, for example "
            "xent.imbalance.effective_number(counts), or `pos_weight` for a multi-label loss."
        )
    for name, value in given.items():
        if value is not None:
            _check_weight(name, value)
            if name not in criterion._buffers:
                raise TypeError(
                    f"DeferredReweighting: `criterion` must have a buffer `{name}` (None is fine), and "
                    f"{type(criterion).__name__} has none. In a module of your own: "
                    f'self.register_buffer("{name}", None).'
                )


def _check_weight(name: str, value: Tensor) -> None:
    if not isinstance(value, Tensor):
        raise TypeError(f"DeferredReweighting: `{name}` must be a tensor, not {type(value).__name__}.")
    if not value.is_floating_point():
        raise TypeError(
            f"DeferredReweighting: `{name}` must be floating point, got {value.dtype}. Pass {name}.float(); "
            "class counts are no weights, xent.imbalance.effective_number(counts) makes some."
        )
    if value.requires_grad:
        raise ValueError(f"DeferredReweighting: no gradient is formed for `{name}`. Pass {name}.detach().")


def _epoch_number(name: str, epoch: int) -> int:
    if isinstance(epoch, bool) or not isinstance(epoch, int):
        raise TypeError(f"DeferredReweighting: `{name}` must be a whole number, not {type(epoch).__name__}.")
    if epoch < 0:
        raise ValueError(f"DeferredReweighting: `{name}` must be at least 0, got {epoch}.")
    return epoch
