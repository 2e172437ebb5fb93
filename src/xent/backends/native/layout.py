"""How tensors of several axes look to a kernel that knows few: axes are taken as one where one stride will do.

What cannot be taken so is copied into memory where it can. A layout holds its copies until the kernel has run.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from xent.backends.native.plans import View
from xent.core.axes import leading

# XentDtype. Labels and masks have one dtype each, whose code is not read.
CODES = {
    torch.float32: 0,
    torch.float64: 1,
    torch.bfloat16: 2,
    torch.float16: 3,
    torch.int64: 0,
    torch.bool: 0,
}


def collapsed(sizes: Sequence[int], strides: Sequence[int]) -> int | None:
    """The stride of several axes taken as one, or None where their elements are not evenly spaced."""
    axes = [(size, stride) for size, stride in zip(sizes, strides, strict=True) if size != 1]
    for (_, outer), (size, inner) in pairwise(axes):
        if outer != size * inner:
            return None
    return axes[-1][1] if axes else 0


def vector(tensor: Tensor) -> View:
    """One number a class, or one for all of them."""
    return View(tensor.data_ptr(), CODES[tensor.dtype], 0, tensor.stride(0) if tensor.ndim else 0)


def number(tensor: Tensor) -> View:
    """One number."""
    return View(tensor.data_ptr(), CODES[tensor.dtype])


class RowLayout:
    """Softmax rows: the axes before the class axis as one, the class axis, and those after it as one."""

    def __init__(self, shape: torch.Size, dim: int) -> None:
        self.dim = dim
        self.rows_shape = shape[:dim] + shape[dim + 1 :]
        self.outer = math.prod(shape[:dim])
        self.classes = shape[dim]
        self.inner = math.prod(shape[dim + 1 :])
        self.views: dict[str, View] = {}
        self.held: list[Tensor] = []

    def fits(self, tensor: Tensor) -> bool:
        """Whether a tensor of the logits' shape can be seen as it is."""
        return self._view(tensor) is not None

    def add(self, name: str, tensor: Tensor) -> None:
        """A tensor of the logits' shape."""
        self.held.append(tensor)
        if tensor.is_contiguous():
            self.views[name] = self._contiguous(tensor)
        else:
            self.views[name] = self._view(tensor) or self._copied(tensor)

    def add_rows(self, name: str, tensor: Tensor) -> None:
        """A tensor of the rows' shape, or of a leading part of it."""
        if tensor.shape == self.rows_shape and tensor.is_contiguous():
            self.held.append(tensor)
            self.views[name] = View(tensor.data_ptr(), CODES[tensor.dtype], self.inner, 0, 1)
            return
        rows = leading(tensor, len(self.rows_shape)).expand(self.rows_shape).unsqueeze(self.dim)
        self.held.append(rows)
        view = self._view(rows) or self._copied(rows)
        self.views[name] = view._replace(along=0)

    def settle(self) -> tuple[int, int, int]:
        """outer, classes, inner. The inner axis is joined with the outer one if it is for every tensor."""
        if self.inner == 1:
            return self.outer, self.classes, 1
        if all(view.outer == view.inner * self.inner or self.outer == 1 for view in self.views.values()):
            for name, view in self.views.items():
                self.views[name] = view._replace(outer=view.inner, inner=0)
            return self.outer * self.inner, self.classes, 1
        return self.outer, self.classes, self.inner

    def _view(self, tensor: Tensor) -> View | None:
        dim, sizes, strides = self.dim, tensor.shape, tensor.stride()
        outer = collapsed(sizes[:dim], strides[:dim])
        inner = collapsed(sizes[dim + 1 :], strides[dim + 1 :])
        if outer is None or inner is None:
            return None
        return View(tensor.data_ptr(), CODES[tensor.dtype], outer, strides[dim], inner)

    def _copied(self, tensor: Tensor) -> View:
        self.held.append(tensor.contiguous())
        return self._contiguous(self.held[-1])

    def _contiguous(self, tensor: Tensor) -> View:
        return View(tensor.data_ptr(), CODES[tensor.dtype], tensor.shape[self.dim] * self.inner, self.inner, 1)


class ElementLayout:
    """Elements: the leading axes as one and the others as one, split where the fewest elements have to be copied.

    Axes are taken in the order in which the logits lie in memory.
    """

    def __init__(self, logits: Tensor) -> None:
        self.shape = logits.shape
        self.order = _memory_order(logits)
        self.is_flat = logits.is_contiguous()  # and so is everything else
        self.operands: dict[str, Tensor] = {}
        self.held: list[Tensor] = []

    def is_dense(self, tensor: Tensor) -> bool:
        """Whether a tensor of the logits' shape fills its memory in the order of the axes here."""
        return tensor.permute(self.order).is_contiguous()

    def add(self, name: str, tensor: Tensor) -> None:
        """A tensor that broadcasts to the logits as torch broadcasts."""
        self.operands[name] = tensor
        self.is_flat = self.is_flat and tensor.shape == self.shape and tensor.is_contiguous()

    def add_rows(self, name: str, tensor: Tensor) -> None:
        """A tensor of a leading part of the logits' shape."""
        self.add(name, leading(tensor, len(self.shape)))

    def settle(self, dense: Sequence[str]) -> tuple[int, int, dict[str, View]]:
        """outer, classes and the views, those of ``dense`` with elements side by side along the classes."""
        if self.is_flat:
            views = {name: View(t.data_ptr(), CODES[t.dtype], 0, 1) for name, t in self.operands.items()}
            return 1, self.shape.numel(), views
        for name, tensor in self.operands.items():
            self.operands[name] = tensor.expand(self.shape).permute(self.order)
        sizes = [self.shape[axis] for axis in self.order]
        splits = [_Split(sizes, at, dense) for at in range(max(len(sizes), 1))]
        costs: list[int] = []
        for split in splits:
            costs.append(sum(split.cost(name, tensor) for name, tensor in self.operands.items()))
            if costs[-1] == 0:
                break
        best = splits[costs.index(min(costs))]
        views = {name: best.view(name, tensor, self.held) for name, tensor in self.operands.items()}
        return best.outer, best.classes, views


class _Split:
    """Axes up to ``at`` as one, and those from it on."""

    def __init__(self, sizes: list[int], at: int, dense: Sequence[str]) -> None:
        self.at = at
        self.sizes = sizes
        self.outer = math.prod(sizes[:at])
        self.classes = math.prod(sizes[at:])
        self.dense = dense

    def cost(self, name: str, tensor: Tensor) -> int:
        """How many elements have to be copied for a tensor to be seen."""
        outer, along = self._strides(tensor)
        if along == 0 and name not in self.dense:
            return 0 if outer is not None else self.outer
        fits = outer is not None and along is not None and self._is_dense_enough(name, along)
        return 0 if fits else self.outer * self.classes

    def view(self, name: str, tensor: Tensor, held: list[Tensor]) -> View:
        """The tensor as the kernel sees it, copied if need be."""
        if cost := self.cost(name, tensor):
            broadcasts = cost < self.outer * self.classes
            first: list[int | slice] = [slice(None)] * self.at + [0] * (len(self.sizes) - self.at)
            tensor = tensor[tuple(first)] if broadcasts else tensor
            tensor = tensor.contiguous()
            held.append(tensor)
            outer, along = (1, 0) if broadcasts else (self.classes, 1)
        else:
            given_outer, given_along = self._strides(tensor)
            outer, along = given_outer or 0, given_along or 0
        if self.classes == 1 and name in self.dense:
            along = 1
        return View(tensor.data_ptr(), CODES[tensor.dtype], outer, along)

    def _strides(self, tensor: Tensor) -> tuple[int | None, int | None]:
        strides = tensor.stride()
        return (
            collapsed(self.sizes[: self.at], strides[: self.at]),
            collapsed(self.sizes[self.at :], strides[self.at :]),
        )

    def _is_dense_enough(self, name: str, along: int) -> bool:
        return name not in self.dense or along == 1 or self.classes == 1


def _memory_order(tensor: Tensor) -> list[int]:
    """The axes from the farthest stride to the nearest if that is how dense memory is laid out, else as they are."""
    axes = list(range(tensor.ndim))
    if tensor.is_contiguous():
        return axes
    order = sorted(axes, key=tensor.stride, reverse=True)
    return order if tensor.permute(order).is_contiguous() else axes
