"""Counts as they are given -> the class sizes n_k to compute with, by one rule for classes without rows.

Such a class has no finite weight and no finite log-prior, and the infinity would stay silent until the class first
meets the loss. So it is refused, unless the caller says what to do.
"""

from typing import Literal, TypeAlias

import torch
from torch import Tensor

from xent.imbalance.record import ClassCounts, Counts

Absent: TypeAlias = Literal["raise", "one"]
AbsentWeight: TypeAlias = Literal["raise", "one", "zero"]


def class_sizes(function: str, counts: Counts, absent: str | None = "raise", *, may_be_zero: bool = False) -> Tensor:
    """The size n_k of every class, (C,), in float64: a rounding to float32 then happens once, at the end.

    Args:
        function: Who asks, for errors.
        counts: As the user gave them.
        absent: For classes with count 0: "raise", "one" (counted as one row) or "zero" (left at 0); None, which raises
            too, if ``function`` leaves no choice.
        may_be_zero: Whether "zero" makes sense to ``function``.

    Raises:
        TypeError: If ``counts`` are no real numbers.
        ValueError: If they are not one row of finite numbers of at least 0, if all of them are 0, if one is while
            ``absent`` is "raise", or if ``absent`` is no known word.
    """
    if absent is not None:
        _known_rule(function, absent, may_be_zero)
    n = _numbers(function, counts).to(torch.float64)
    if n.ndim != 1 or n.numel() == 0:
        raise ValueError(
            f"{function}: `counts` must have shape (C,), one count a class, got {tuple(n.shape)}. "
            "From labels: xent.imbalance.class_counts(labels, num_classes=C)."
        )
    acceptable = (n > 0) | ((n == 0) & (absent not in (None, "raise")))
    unusable = torch.nonzero(~(torch.isfinite(n) & acceptable)).flatten().tolist()
    if unusable:
        raise ValueError(_refusal(function, n[unusable[0]].item(), unusable[0], _ways_out(absent, may_be_zero)))
    if not bool((n > 0).any()):
        raise ValueError(f"{function}: `counts` are all 0: there is nothing to learn a class's frequency from.")
    return n.where(n > 0, 1.0) if absent == "one" else n


def result_dtype(counts: Counts) -> torch.dtype:
    """The dtype of what is made from ``counts``: theirs if it is floating point, else torch's default."""
    dtype = torch.int64 if isinstance(counts, ClassCounts) else torch.as_tensor(counts).dtype
    return dtype if dtype.is_floating_point else torch.get_default_dtype()


def _known_rule(function: str, absent: str, may_be_zero: bool) -> None:
    known = ("raise", "one", "zero") if may_be_zero else ("raise", "one")
    if absent not in known:
        words = ", ".join(f'"{word}"' for word in known)
        raise ValueError(f"{function}: `absent` must be one of {words}, got {absent!r}.")


def _numbers(function: str, counts: Counts) -> Tensor:
    try:
        n = torch.as_tensor(counts.counts if isinstance(counts, ClassCounts) else counts).detach()
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(
            f"{function}: `counts` must be ClassCounts, a tensor, an array or a sequence of numbers, got "
            f"{type(counts).__name__}."
        ) from error
    if n.dtype == torch.bool or n.is_complex():
        raise TypeError(f"{function}: `counts` must be real numbers, got {n.dtype}.")
    return n


def _ways_out(absent: str | None, may_be_zero: bool) -> str:
    if absent is None:
        return "counts.clamp(min=1)"
    return 'absent="one"' + (', give it weight 0 with absent="zero"' if may_be_zero else "")


def _refusal(function: str, count: float, label: int, ways_out: str) -> str:
    refusal = f"{function}: `counts` must be finite and above 0, got {count:g} for class {label}. "
    if count != 0:
        return refusal + "Pass the number of training rows of every class."
    return refusal + (
        "A class without training rows has no finite weight or prior: leave it out of the loss with "
        f"LogitTransform(valid_classes=...), or count it as one row with {ways_out}."
    )
