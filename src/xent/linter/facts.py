"""What more than one rule asks of a call, computed when it is first asked, and once.

Values are looked at in a sample of rows, so that the cost is bounded; labels, which are small, are all looked at.
"""

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from xent.linter.call import Call

# Numbers of the input that are looked at: some milliseconds, and enough for any share that a rule asks for.
SAMPLED = 1 << 20

# Steps back through the autograd graph, over reshapes and casts.
DEEPEST = 6

# Nodes of the autograd graph that change shape or type, and no value.
PASSING = ("View", "Reshape", "Alias", "ToCopy", "Transpose", "Permute", "Squeeze", "Slice", "Select", "Clone", "TBack")

# Nodes of linear algebra. The first two are layers; the others are layers if they hold a parameter, and may otherwise
# be a mixture of probabilities.
LAYERS = ("AddmmBackward0", "ConvolutionBackward0")
LINEAR = ("MmBackward0", "BmmBackward0", "BaddbmmBackward0", "MvBackward0", "AddBackward0")


class Facts:
    """Facts of a call. What a fact speaks of may be missing (a loss without labels); it is None then."""

    def __init__(self, call: "Call") -> None:
        self._input = call.input.detach()
        self._target = call.target.detach()
        self._graph = call.input.grad_fn
        self._dim = call.dim
        self._ignore_index = call.ignore_index
        self._mask = call.mask
        self._sample_weight = call.sample_weight
        self._binary = call.is_binary
        self._kind = call.kind

    @cached_property
    def classes(self) -> int:
        """C, the length of the class axis; of binary losses, that of the last axis."""
        if self._input.ndim == 0:
            return 1
        return self._input.shape[-1 if self._binary else min(self._dim, self._input.ndim - 1)]

    @cached_property
    def has_indices(self) -> bool:
        """Whether the target holds class indices, one a row."""
        return not self._target.is_floating_point() and self.one_a_row

    @cached_property
    def one_a_row(self) -> bool:
        """Whether the target holds one number for each row of classes, of whatever type."""
        return not self._binary and self._target.shape == self._row_shape

    @cached_property
    def has_rows(self) -> bool:
        """Whether the target's shape fits the input's, as indices or as a number an element."""
        return self._target.shape in (self._row_shape, self._input.shape)

    @cached_property
    def rows(self) -> Tensor:
        """A sample of the input's rows, (R, C), in float32 at least; rows that are left out of the loss too."""
        return self._sampled(self._input)

    @cached_property
    def targets(self) -> Tensor | None:
        """The target of the same rows where it has the input's shape, (R, C), in float32 at least."""
        return self._sampled(self._target) if self._target.shape == self._input.shape else None

    @cached_property
    def labels(self) -> Tensor | None:
        """The labels of the same rows, int64 of shape (R,), where the target holds indices."""
        return self._target.reshape(-1)[self._chosen].long() if self.has_indices else None

    @cached_property
    def counted(self) -> Tensor:
        """Which of these rows have a part in the loss, bool of shape (R,); a mask of elements leaves no row out."""
        counted = torch.ones(len(self._chosen), dtype=torch.bool, device=self._input.device)
        if self.labels is not None and self._ignore_index is not None:
            counted &= self.labels != self._ignore_index
        for chosen in (self._mask, self._sample_weight):
            if chosen is not None and not self._binary and chosen.shape == self._row_shape:
                counted &= (chosen != 0).reshape(-1)[self._chosen]
        return counted

    @cached_property
    def all_labels(self) -> Tensor | None:
        """Every label of the batch in a row, int64, those to be ignored too; None unless the target holds indices."""
        return self._target.reshape(-1).long() if self.has_indices else None

    @cached_property
    def read_labels(self) -> Tensor | None:
        """Every label that has a part in the loss, int64: ignored, masked rows and rows of weight 0 are left out."""
        if self.all_labels is None:
            return None
        read = torch.ones_like(self.all_labels, dtype=torch.bool)
        if self._ignore_index is not None:
            read &= self.all_labels != self._ignore_index
        for chosen in (self._mask, self._sample_weight):
            if chosen is not None and not self._binary and chosen.shape == self._row_shape:
                read &= (chosen != 0).reshape(-1)
        return self.all_labels[read]

    @cached_property
    def label_counts(self) -> Tensor | None:
        """How often each class is the label in the batch, float64 of shape (C,), those to be ignored left out."""
        if self.all_labels is None:
            return None
        labels = self.all_labels
        inside = (labels >= 0) & (labels < self.classes)
        if self._ignore_index is not None:
            inside &= labels != self._ignore_index
        return torch.bincount(labels[inside], minlength=self.classes).double()

    @cached_property
    def lowest(self) -> float:
        """The smallest number in the rows, nan left aside."""
        return float(torch.nan_to_num(self.rows, nan=torch.inf).min()) if self.rows.numel() else torch.nan

    @cached_property
    def highest(self) -> float:
        """The largest number in the rows, nan left aside."""
        return float(torch.nan_to_num(self.rows, nan=-torch.inf).max()) if self.rows.numel() else torch.nan

    @cached_property
    def sum_error(self) -> float:
        """The largest distance of a row's sum from 1: near 0 for probabilities."""
        return float((self.rows.sum(-1) - 1).abs().max()) if self.rows.numel() else torch.inf

    @cached_property
    def rows_are_probabilities(self) -> bool:
        """Whether every row lies in [0, 1] and sums to 1, as exactly as its type allows; never for a single class."""
        return self.classes > 1 and self.lowest >= 0 and self.highest <= 1 and self.sum_error <= self.tolerance

    @cached_property
    def tolerance(self) -> float:
        """By how much the sum of a row of probabilities may miss 1: rounding of C numbers of the input's type."""
        if not self._input.is_floating_point():
            return 0.0
        rounding: float = torch.finfo(self._input.dtype).eps
        return max(1e-5, 2 * rounding * math.sqrt(self.classes))

    @cached_property
    def made_by(self) -> str:
        """The operation that made the input's values, by its autograd node ("SoftmaxBackward0"); "" if nobody knows."""
        return "" if self._maker is None else str(self._maker.name())

    @cached_property
    def made_by_layer(self) -> bool:
        """Whether the autograd graph says that a linear or convolutional layer made the input's values."""
        if self.made_by in LAYERS:
            return True
        if self._maker is None or self.made_by not in LINEAR:
            return False
        before = [_through(node) for node, _ in self._maker.next_functions]
        return any(node is not None and "AccumulateGrad" in node.name() for node in before)

    @cached_property
    def positives(self) -> tuple[Tensor, Tensor] | None:
        """Of every class, the positives and all elements that count, in the sample; float64 on the CPU, (C,) each.

        None unless the target holds a number an element.
        """
        if self.targets is None:
            return None
        counts = torch.ones_like(self.targets, dtype=torch.bool)
        if self._ignore_index is not None:
            counts &= self.targets != self._ignore_index
        if self._mask is not None and self._mask.shape == self._input.shape:
            counts &= self._sampled(self._mask) != 0
        positives = torch.where(counts, self.targets, 0.0).sum(0, dtype=torch.float64)
        return positives.cpu(), counts.sum(0).double().cpu()

    @cached_property
    def predicted(self) -> tuple[Tensor, Tensor] | None:
        """Log-probabilities (R, C), float64, and labels (R,) of the sampled rows of single-label predictions.

        Rows without a label of a class, and rows with nan, are left out. Probabilities below 1e-30 count as that.
        None unless the target holds indices, of two classes or more.
        """
        if self.labels is None or self.classes < 2:
            return None
        log_p = self._log_probabilities().clamp(min=math.log(1e-30))
        kept = self.counted & (self.labels >= 0) & (self.labels < self.classes) & ~log_p.isnan().any(-1)
        return log_p[kept].cpu(), self.labels[kept].cpu()

    def _log_probabilities(self) -> Tensor:
        """The sampled rows as logarithms of probabilities, by what they were said to be, or else look like."""
        rows = self.rows.double()
        if self._kind == "log-probabilities":
            return rows
        if self._kind == "probabilities" or (self._kind is None and self.rows_are_probabilities):
            return rows.clamp(min=0).log()
        return rows.log_softmax(-1)

    @cached_property
    def log_sums(self) -> Tensor:
        """Log of the sum of exp over each row, (R,): 0 for log-probabilities; nan and inf where the row has them."""
        return self.rows.logsumexp(-1)

    @cached_property
    def log_tolerance(self) -> float:
        """By how much the log-sum of a row of log-probabilities may miss 0: half a rounding of at most ln C, twice."""
        return self.tolerance * (1 + math.log(max(self.classes, 1)))

    @cached_property
    def rows_are_log_probabilities(self) -> bool:
        """Whether no number is above 0 and the exponentials of every row sum to 1; never for a single class."""
        if self.classes < 2 or not self.rows.numel() or not self.highest <= 0:
            return False
        return bool((self.log_sums.abs() <= self.log_tolerance).all())

    @cached_property
    def sees_all(self) -> bool:
        """Whether the sample is the whole batch."""
        return len(self._chosen) == self._input.numel() // max(self.classes, 1)

    @cached_property
    def row_numbers(self) -> Tensor:
        """The numbers of the sampled rows in the whole batch, int64 of shape (R,)."""
        return self._chosen

    @cached_property
    def counted_elements(self) -> Tensor:
        """Which numbers of the rows have a part in the loss, bool of shape (R, C)."""
        counted = self.counted[:, None].expand(self.rows.shape)
        if self._mask is not None and self._mask.shape == self._input.shape:
            counted = counted & self._picked(self._mask)
        if self._binary and self._ignore_index is not None and self.targets is not None:
            counted = counted & (self.targets != self._ignore_index)
        return counted

    @cached_property
    def _maker(self) -> Any:
        """The autograd node that made the input's values."""
        return _through(self._graph)

    @cached_property
    def _row_shape(self) -> torch.Size:
        """The shape of one number a row."""
        shape = list(self._input.shape)
        if shape and not self._binary:
            del shape[min(self._dim, len(shape) - 1)]
        return torch.Size(shape)

    @cached_property
    def _chosen(self) -> Tensor:
        """Numbers of the rows in the sample, in order and evenly apart."""
        rows = self._input.numel() // max(self.classes, 1)
        most = max(64, SAMPLED // max(self.classes, 1))
        step = max(1, -(-rows // most))
        return torch.arange(0, rows, step, device=self._input.device)

    def _sampled(self, values: Tensor) -> Tensor:
        """The sampled rows of something of the input's shape, in float32 at least."""
        found = self._picked(values)
        return found.to(torch.promote_types(found.dtype, torch.float32))

    def _picked(self, values: Tensor) -> Tensor:
        """The sampled rows of something of the input's shape."""
        if values.ndim == 0:
            values = values.reshape(1)
        axis = values.ndim - 1 if self._binary else min(self._dim, values.ndim - 1)
        at = values.movedim(axis, -1)
        if at.is_contiguous():
            return at.reshape(at.numel() // max(self.classes, 1), self.classes)[self._chosen]
        return at[torch.unravel_index(self._chosen, at.shape[:-1])] if at.ndim > 1 else at.reshape(1, -1)


def _through(node: Any) -> Any:
    """The first node, from this one back, that changes values."""
    for _ in range(DEEPEST):
        if node is None or not any(word in node.name() for word in PASSING):
            break
        node = next((before for before, _ in node.next_functions if before is not None), None)
    return node
