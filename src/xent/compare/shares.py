"""Which classes make the loss, and the gradient: their shares over the training rows."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from xent.compare.data import Split


@dataclass(frozen=True, eq=False)
class Shares:
    """Shares of the classes, before and after training, of shape (2, C); each row sums to 1.

    Of labels, a class's part is that of the rows whose label it is; of indicators, that of its own elements.

    Attributes:
        loss: Of the summed loss; nan where the loss of a row is no sum over the classes.
        gradient: Of the sum of the absolute gradient in the logits.
    """

    loss: np.ndarray
    gradient: np.ndarray

    @classmethod
    def before_and_after(cls, before: "Shares", after: "Shares") -> "Shares":
        """Of two moments, each of shape (1, C)."""
        return cls(np.concatenate([before.loss, after.loss]), np.concatenate([before.gradient, after.gradient]))


def shares_now(model: nn.Module, criterion: nn.Module, rows: Split) -> Shares:
    """The shares of the training rows at this moment, of shape (1, C); changes neither model nor criterion."""
    with torch.no_grad():
        logits = model(rows.train_features)
    logits.requires_grad_()
    loss = _by_element(criterion)(logits, rows.train_target)
    loss.sum().backward()
    gradient = logits.grad.abs()
    return Shares(
        _share(_by_class(loss.detach(), rows.train_target, len(rows.counts))),
        _share(_by_class(gradient, rows.train_target, len(rows.counts))),
    )


def _by_element(criterion: nn.Module) -> nn.Module:
    """The same loss without the mean. A copy: a loss may count the labels that it sees."""
    unreduced: Any = deepcopy(criterion).eval()
    for module in unreduced.modules():
        if hasattr(module, "reduction"):
            module.reduction = "none"
    return unreduced  # type: ignore[no-any-return]


def _by_class(values: Tensor, target: Tensor, classes: int) -> Tensor:
    """Sums by class, (C,), of values of the rows, (N,), or of their elements, (N, C)."""
    values = values.double()
    if target.ndim == 2:
        return values.sum(0) if values.ndim == 2 else torch.full((classes,), torch.nan, dtype=torch.float64)
    of_rows = values.sum(1) if values.ndim == 2 else values
    return torch.zeros(classes, dtype=torch.float64).index_add(0, target, of_rows)


def _share(sums: Tensor) -> np.ndarray:
    return (sums / sums.sum())[None].numpy()
