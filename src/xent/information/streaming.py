"""Accumulators for data larger than memory.

Their state is integers: counts, and sums in fixed point. Addition of integers is associative, which that of
floating-point numbers is not, so the same data give the same bits in any batches, order and tree of merges.
"""

import math
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from xent.information.arrays import FLOATING, INTEGER, dtype_name
from xent.information.measures import entropy
from xent.information.units import nats_per_unit

_MOST = np.iinfo(np.int64).max

# A float64 is an integer of 53 bits times a power of two, at least 2^-1074 for the smallest; frexp scales
# subnormal numbers to 53 bits as well, so 2^-1126 divides them all.
_MANTISSA_BITS = 53
_UNIT_EXPONENT = 1126
# The mantissas are added by bincount, in float64: half a mantissa (27 bits) each, it adds 2^26 of them
# exactly.
_HALF_BITS = 27
_CHUNK = 2**20


class EntropyAccumulator:
    r"""Entropy of observations that arrive in batches.

    Keeps the count :math:`n_k` of every cell as an integer, and estimates :math:`H = -\sum_k \frac{n_k}{N}
    \log\frac{n_k}{N}`. With a ``shape`` of several axes it fills a contingency table, of which ``counts``
    serves :func:`mutual_information` and :func:`conditional_entropy`.

    The plug-in estimate is too low, on average, by about (K-1)/(2N) nats, K being the number of cells in use:
    the correction of Miller and Madow adds this, with the K of the cells that are not empty.

    Args:
        shape: Number of classes, or the numbers of values of several variables observed together.

    Raises:
        TypeError: If ``shape`` is no integer or tuple of integers.
        ValueError: If a size is below 1.

    Example:
        >>> import numpy as np
        >>> from xent.information import EntropyAccumulator
        >>> stream = EntropyAccumulator(3)
        >>> for labels in ([0, 1, 1], [1, 0, 1, 1, 0]):
        ...     stream.update(np.array(labels))
        >>> round(stream.compute(base=2), 6), round(stream.compute(base=2, correction="miller_madow"), 6)
        (0.954434, 1.044602)

    References:
        Miller, Note on the Bias of Information Estimates, 1955.
    """

    def __init__(self, shape: int | tuple[int, ...]) -> None:
        sizes = shape if isinstance(shape, tuple) else (shape,)
        if not sizes or any(type(size) is not int for size in sizes):
            raise TypeError(f"`shape` must be an integer or a tuple of integers, got {shape!r}.")
        if min(sizes) < 1:
            raise ValueError(f"`shape` must have sizes of at least 1, got {shape}.")
        self._shape = sizes
        self._counts = np.zeros(sizes, dtype=np.int64)
        self._total = 0

    def __repr__(self) -> str:
        return f"EntropyAccumulator(shape={self.shape}, total={self.total})"

    @property
    def shape(self) -> tuple[int, ...]:
        """The numbers of values of the variables."""
        return self._shape

    @property
    def total(self) -> int:
        """The number N of observations so far."""
        return self._total

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """The counts so far, a copy, of shape ``shape``."""
        copy: npt.NDArray[np.int64] = self._counts.copy()
        return copy

    def update(self, *labels: torch.Tensor | npt.NDArray[Any]) -> None:
        """Count observations.

        Args:
            labels: Class indices, one integer tensor or array for each axis of ``shape``, all of one shape.

        Raises:
            TypeError: If the number of arguments differs from the number of axes, or one is no integer array.
            ValueError: If their shapes differ, or an index is out of range.
        """
        if len(labels) != len(self.shape):
            raise TypeError(
                f"update() takes one array of labels for each of {len(self.shape)} axes, got {len(labels)}."
            )
        indices = [_host(f"labels[{axis}]", values, INTEGER) for axis, values in enumerate(labels)]
        if len({values.shape for values in indices}) > 1:
            raise ValueError(f"`labels` must have one shape, got {' and '.join(str(v.shape) for v in indices)}.")
        for axis, (values, size) in enumerate(zip(indices, self.shape, strict=True)):
            wrong = values[(values < 0) | (values >= size)]
            if wrong.size:
                raise ValueError(f"`labels[{axis}]` must be in [0, {size - 1}], got {wrong[0]}.")
        cells = np.ravel_multi_index([values.ravel().astype(np.int64) for values in indices], self.shape)
        self._add(np.bincount(cells, minlength=self._counts.size).reshape(self.shape), cells.size)

    def update_counts(self, counts: torch.Tensor | npt.NDArray[Any]) -> None:
        """Add observations that were counted elsewhere.

        Args:
            counts: Numbers of observations, integers, of shape ``shape``.

        Raises:
            TypeError: If ``counts`` is no integer array.
            ValueError: If its shape differs, a count is negative, or the total exceeds 64 bits.
        """
        table = _host("counts", counts, INTEGER)
        if table.shape != self.shape:
            raise ValueError(f"`counts` must have shape {self.shape}, got {table.shape}.")
        if (table < 0).any():
            raise ValueError(f"`counts` must not be negative, got {table[table < 0][0]}.")
        self._add(table, int(table.sum(dtype=object)))

    def merge(self, other: "EntropyAccumulator") -> None:
        """Add the observations of ``other``, which stays as it is.

        Args:
            other: An accumulator of the same ``shape``.

        Raises:
            TypeError: If ``other`` is no EntropyAccumulator.
            ValueError: If its shape differs.
        """
        if not isinstance(other, EntropyAccumulator):
            raise TypeError(f"`other` must be an EntropyAccumulator, not {type(other).__name__}.")
        if other.shape != self.shape:
            raise ValueError(f"`other` must have shape {self.shape}, got {other.shape}.")
        self._add(other._counts, other._total)

    def compute(self, *, base: float = math.e, correction: Literal["miller_madow"] | None = None) -> float:
        """The entropy of what was observed, over all cells.

        Args:
            base: Base of the logarithm, above 0 and not 1: math.e for nats, 2 for bits.
            correction: None for the plug-in estimate, "miller_madow" to add (K-1)/(2N) nats, with K cells in
                use.

        Returns:
            The estimate, in nats or the unit of ``base``.

        Raises:
            ImportError: If array-api-compat is not installed.
            ValueError: If nothing was observed yet, or ``base`` or ``correction`` is out of range.
        """
        unit = nats_per_unit(base)
        if correction not in (None, "miller_madow"):
            raise ValueError(f'`correction` must be None or "miller_madow", got {correction!r}.')
        if self._total == 0:
            raise ValueError("there is no entropy of no observations: call update() first.")
        nats = float(entropy(self._counts.reshape(-1), input="counts"))
        if correction == "miller_madow":
            nats += (int(np.count_nonzero(self._counts)) - 1) / (2 * self._total)
        return nats / unit

    def _add(self, table: npt.NDArray[Any], total: int) -> None:
        if self._total + total > _MOST:
            raise ValueError(f"`counts` would exceed 64 bits: {total} more than {self._total}.")
        self._counts += table.astype(np.int64)
        self._total += total


class MeanAccumulator:
    r"""Mean of per-row measures that arrive in batches, :math:`\frac{1}{N} \sum_i x_i`.

    For the cross entropy of a model over a corpus, and its perplexity, ``math.exp`` of that mean in nats. The
    sum is kept without rounding; the mean is the float nearest to the exact one.

    Example:
        >>> import math
        >>> import torch
        >>> from xent.information import MeanAccumulator
        >>> stream = MeanAccumulator()
        >>> for surprise in (torch.tensor([1.0, 2.0]), torch.tensor([3.0])):
        ...     stream.update(surprise)
        >>> stream.compute(), round(math.exp(stream.compute()), 4)
        (2.0, 7.3891)

    References:
        Kulisch, Computer Arithmetic and Validity, 2008 (exact accumulation in fixed point).
    """

    def __init__(self) -> None:
        self._sum = 0
        self._count = 0
        self._infinities = 0

    def __repr__(self) -> str:
        return f"MeanAccumulator(total={self.total})"

    @property
    def total(self) -> int:
        """The number N of values so far."""
        return self._count

    def update(self, values: torch.Tensor | npt.NDArray[Any]) -> None:
        """Add values, each with weight one.

        Args:
            values: Measures of rows, floating point, of any shape. +inf, as of a divergence, makes the mean
                inf.

        Raises:
            TypeError: If ``values`` is no floating-point array.
            ValueError: If one of them is nan or -inf.
        """
        numbers = _host("values", values, FLOATING).astype(np.float64).ravel()
        refused = numbers[np.isnan(numbers) | (numbers == -math.inf)]
        if refused.size:
            raise ValueError(f"`values` must be finite or inf, got {refused[0]}.")
        finite = numbers[numbers < math.inf]
        self._sum += sum(_exact_sum(finite[i : i + _CHUNK]) for i in range(0, finite.size, _CHUNK))
        self._infinities += numbers.size - finite.size
        self._count += numbers.size

    def merge(self, other: "MeanAccumulator") -> None:
        """Add the values of ``other``, which stays as it is.

        Args:
            other: Another accumulator.

        Raises:
            TypeError: If ``other`` is no MeanAccumulator.
        """
        if not isinstance(other, MeanAccumulator):
            raise TypeError(f"`other` must be a MeanAccumulator, not {type(other).__name__}.")
        self._sum += other._sum
        self._infinities += other._infinities
        self._count += other._count

    def compute(self) -> float:
        """The mean of the values.

        Returns:
            The mean, in the unit of the values.

        Raises:
            ValueError: If there are no values yet.
        """
        if self._count == 0:
            raise ValueError("there is no mean of no values: call update() first.")
        if self._infinities:
            return math.inf
        # Python rounds the quotient of two integers once, to the nearest float.
        return self._sum / (self._count << _UNIT_EXPONENT)


def _exact_sum(numbers: npt.NDArray[np.float64]) -> int:
    """The sum of at most 2^26 finite numbers, in units of 2^-1126."""
    fractions, exponents = np.frexp(numbers)
    mantissas = np.ldexp(fractions, _MANTISSA_BITS).astype(np.int64)
    shifts = exponents.astype(np.int64) + (_UNIT_EXPONENT - _MANTISSA_BITS)
    high, low = mantissas >> _HALF_BITS, mantissas & (2**_HALF_BITS - 1)
    highs = np.bincount(shifts, weights=high.astype(np.float64))
    lows = np.bincount(shifts, weights=low.astype(np.float64))
    return sum(((int(highs[shift]) << _HALF_BITS) + int(lows[shift])) << shift for shift in np.unique(shifts).tolist())


def _host(name: str, values: object, dtypes: frozenset[str]) -> npt.NDArray[Any]:
    """``values`` as a NumPy array, of one of ``dtypes``."""
    if not isinstance(values, (torch.Tensor, np.ndarray)):
        raise TypeError(
            f"`{name}` must be a torch.Tensor or a numpy.ndarray, not {type(values).__name__}. "
            f"Pass numpy.asarray({name})."
        )
    if dtype_name(values) not in dtypes:
        kind = "integers" if dtypes is INTEGER else "floating point"
        raise TypeError(f"`{name}` must be {kind}, got {dtype_name(values)}.")
    if isinstance(values, np.ndarray):
        return values
    on_host = values.detach().cpu()
    return (on_host.double() if on_host.is_floating_point() else on_host).numpy()
