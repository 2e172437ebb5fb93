"""Measures of a joint table p(x, y): what one variable says about the other."""

import math
from types import ModuleType
from typing import Any

from xent.information.arrays import Array, answer, namespace, row_sum
from xent.information.distribution import Distribution, Kind, axes, kinds, log_normalize, read
from xent.information.sums import relative_entropy
from xent.information.units import nats_per_unit


def conditional_entropy(
    joint: Array,
    *,
    input: Kind = "probabilities",
    base: float = math.e,
    dim: tuple[int, int] = (-2, -1),
    normalize: bool = False,
) -> Array:
    r"""Conditional entropy, :math:`H(Y|X) = -\sum_{x,y} p(x,y) \log p(y|x) = H(X, Y) - H(X)`.

    What remains uncertain about Y once X is known: 0 if X determines Y, H(Y) if they are independent. A value
    of X that never occurs counts nothing.

    Args:
        joint: Joint tables, shape (..., X, Y): each whole table sums to one, not each of its rows.
        input: What ``joint`` holds: "probabilities", "logits", "log_probabilities" or "counts" (a contingency
            table), as in :func:`entropy`.
        base: Base of the logarithm, above 0 and not 1: math.e for nats, 2 for bits.
        dim: The axis of X and the axis of Y: exchange them for H(X|Y).
        normalize: Divide tables of probabilities or log-probabilities by their sum, instead of refusing those
            that do not sum to one beyond rounding.

    Returns:
        H(Y|X) of every table, shape of ``joint`` without the two axes, in nats (or the unit of ``base``), in
        the kind, device and dtype of ``joint`` (integer counts: the library's default floating point).

    Raises:
        ImportError: If array-api-compat is not installed.
        TypeError: As :func:`entropy`; also if ``dim`` is no pair.
        ValueError: As :func:`entropy`.

    Example:
        >>> import torch
        >>> from xent.information import conditional_entropy
        >>> conditional_entropy(torch.tensor([[4, 4], [8, 0]]), input="counts", base=2)
        tensor(0.5000)

    References:
        Shannon, A Mathematical Theory of Communication, 1948.
    """
    unit = nats_per_unit(base)
    xp = namespace(joint=joint)
    outcomes, sizes = _read_joint(xp, joint, input=input, dim=dim, normalize=normalize)
    support = _as_table(xp, outcomes.support, sizes)
    within_x, _, _ = log_normalize(xp, _as_table(xp, outcomes.log_probabilities, sizes), support)
    surprise = row_sum(xp, _as_table(xp, outcomes.probabilities, sizes) * within_x)
    return answer(xp, 0.0 - xp.sum(surprise, axis=-2), joint, unit=unit)


def mutual_information(
    joint: Array,
    *,
    input: Kind = "probabilities",
    base: float = math.e,
    dim: tuple[int, int] = (-2, -1),
    normalize: bool = False,
) -> Array:
    r"""Mutual information, :math:`I(X; Y) = KL(p(x,y) \| p(x)\,p(y)) = H(X) + H(Y) - H(X, Y)`.

    What either variable tells about the other; never negative, and 0 if they are independent. Computed as the
    divergence, so that a weak dependence is not lost among the three entropies.

    Args:
        joint: Joint tables, shape (..., X, Y): each whole table sums to one, not each of its rows.
        input: What ``joint`` holds: "probabilities", "logits", "log_probabilities" or "counts" (a contingency
            table), as in :func:`entropy`.
        base: Base of the logarithm, above 0 and not 1: math.e for nats, 2 for bits.
        dim: The axis of X and the axis of Y; exchanging them changes nothing.
        normalize: Divide tables of probabilities or log-probabilities by their sum, instead of refusing those
            that do not sum to one beyond rounding.

    Returns:
        I(X; Y) of every table, shape of ``joint`` without the two axes, in nats (or the unit of ``base``), in
        the kind, device and dtype of ``joint`` (integer counts: the library's default floating point).

    Raises:
        ImportError: If array-api-compat is not installed.
        TypeError: As :func:`conditional_entropy`.
        ValueError: As :func:`entropy`.

    Example:
        >>> import torch
        >>> from xent.information import mutual_information
        >>> mutual_information(torch.tensor([[4, 4], [8, 0]]), input="counts", base=2)
        tensor(0.3113)

    References:
        Shannon, A Mathematical Theory of Communication, 1948.
        Kullback & Leibler, On Information and Sufficiency, 1951.
    """
    unit = nats_per_unit(base)
    xp = namespace(joint=joint)
    outcomes, sizes = _read_joint(xp, joint, input=input, dim=dim, normalize=normalize)
    independent = _product_of_marginals(xp, outcomes, sizes)
    return answer(xp, relative_entropy(xp, outcomes, independent), joint, unit=unit)


def _read_joint(
    xp: ModuleType, joint: Any, *, input: Kind, dim: tuple[int, int], normalize: bool
) -> tuple[Distribution, tuple[int, int]]:
    """The distribution of the pairs (x, y) along one axis, and the numbers of values of X and of Y."""
    if not isinstance(dim, tuple) or len(dim) != 2:
        raise TypeError(f"`dim` must be a pair, the axis of X and the axis of Y, got {dim!r}.")
    (kind,) = kinds(input, "joint")
    axis_x, axis_y = axes(joint, "joint", dim)
    outcomes = read(xp, joint, "joint", kind=kind, dim=dim, normalize=normalize)
    return outcomes, (joint.shape[axis_x], joint.shape[axis_y])


def _as_table(xp: ModuleType, outcomes: Any, sizes: tuple[int, int]) -> Any:
    return xp.reshape(outcomes, (*outcomes.shape[:-1], *sizes))


def _product_of_marginals(xp: ModuleType, outcomes: Distribution, sizes: tuple[int, int]) -> Distribution:
    """p(x) p(y) for every pair, in the order of ``outcomes``."""
    probabilities = _as_table(xp, outcomes.probabilities, sizes)
    support = _as_table(xp, outcomes.support, sizes)
    p_x, p_y = _sums(xp, probabilities, -1), _sums(xp, probabilities, -2)
    log_x, log_y = (xp.log(xp.where(p > 0, p, 1.0)) for p in (p_x, p_y))
    both = xp.any(support, axis=-1, keepdims=True) & xp.any(support, axis=-2, keepdims=True)
    shape = outcomes.support.shape
    return Distribution(
        xp.reshape(p_x * p_y, shape),
        xp.reshape(xp.where(both, log_x + log_y, 0.0), shape),
        xp.reshape(both, shape),
        None,
    )


def _sums(xp: ModuleType, table: Any, axis: int) -> Any:
    summed = row_sum(xp, xp.moveaxis(table, axis, -1))
    return xp.astype(xp.moveaxis(summed, -1, axis), table.dtype)
