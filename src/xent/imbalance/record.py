"""What has been counted: one number a class, and of how many labels."""

from dataclasses import dataclass
from typing import TypeAlias

import torch
from numpy.typing import ArrayLike
from torch import Tensor


@dataclass(frozen=True, eq=False)
class ClassCounts:
    """How often each class is the label; made by :func:`class_counts` and :func:`counts_from_file`.

    Every function of this module takes it for ``counts``.

    Attributes:
        counts: Rows whose label the class is, int64 of shape (C,).
        total: Rows that say of the class whether it is the label or not, int64 of shape (C,). All equal to
            ``counts.sum()`` where every row has one label; in multi-label rows, some may leave a class open.
        ignored: How many labels were left out.
        names: The classes in the order of ``counts``; None if the labels were indices.
        multi_label: Whether a row may have several labels, or none.

    Raises:
        TypeError: If ``counts`` or ``total`` is no int64 tensor.
        ValueError: If the shapes do not fit, or a count is below 0 or above its total.

    Example:
        >>> from xent.imbalance import class_counts
        >>> found = class_counts([0, 0, 1, -100, 0])
        >>> found.counts, found.ignored
        (tensor([3, 1]), 1)
        >>> found.prior
        tensor([0.7500, 0.2500])
    """

    counts: Tensor
    total: Tensor
    ignored: int = 0
    names: tuple[str, ...] | None = None
    multi_label: bool = False

    def __post_init__(self) -> None:
        for name in ("counts", "total"):
            value = getattr(self, name)
            if not isinstance(value, Tensor) or value.dtype != torch.int64:
                given = value.dtype if isinstance(value, Tensor) else type(value).__name__
                raise TypeError(f"ClassCounts: `{name}` must be an int64 tensor, not {given}.")
        if self.counts.ndim != 1 or self.total.shape != self.counts.shape:
            raise ValueError(
                "ClassCounts: `counts` and `total` must both have shape (C,), one number a class, got "
                f"{tuple(self.counts.shape)} and {tuple(self.total.shape)}."
            )
        if bool(((self.counts < 0) | (self.counts > self.total)).any()):
            raise ValueError("ClassCounts: `counts` must be from 0 to `total` for every class.")
        if self.names is not None and len(self.names) != len(self.counts):
            raise ValueError(f"ClassCounts: {len(self.names)} `names` for {len(self.counts)} classes.")

    @property
    def prior(self) -> Tensor:
        """Share of the rows whose label the class is, (C,), in torch's default dtype; nan where no row says."""
        return (self.counts.double() / self.total.double()).to(torch.get_default_dtype())


Counts: TypeAlias = ClassCounts | Tensor | ArrayLike
"""Training counts of the classes: what has been counted, or a tensor, an array or a list of shape (C,)."""
