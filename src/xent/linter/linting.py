"""``xent.lint``: look at a loss and what it is given, and say what is wrong."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from xent.imbalance import ClassCounts
from xent.linter.call import Call, Kind
from xent.linter.describe import describe
from xent.linter.finding import Findings, worst_first
from xent.linter.rule import Rule
from xent.linter.selection import choose
from xent.linter.strict import raise_errors

if TYPE_CHECKING:
    from xent.imbalance import Counts


def lint(
    logits: Tensor,
    target: Tensor,
    *,
    loss: str | Callable[..., Any] | None = "cross_entropy",
    counts: "Counts | None" = None,
    value: Tensor | float | None = None,
    step: int | None = None,
    kind: Kind | None = None,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    **settings: Any,
) -> Findings:
    """Find the mistakes that people make with cross entropy, in one call of a loss or in predictions.

    Nothing is changed, and nothing is trained: the rules look at numbers. Each is described in docs/lint.md and by
    ``xent lint --explain CODE``.

    Args:
        logits: What the loss is given as input. With its autograd graph, if there is one: that tells what made it.
        target: What the loss is given as target.
        loss: The loss: a name ("cross_entropy", or of ``xent losses``), a function, a module, or None for predictions
            that were saved with their labels.
        counts: Rows of every class in training; what judges weights and priors. Anything that
            :mod:`xent.imbalance` takes.
        value: The loss as it came out or was reported, in nats.
        step: Steps of the optimizer so far; 0 says that the model has not learned yet.
        kind: What predictions are: "logits", "probabilities" or "log-probabilities".
        select: Codes of rules or their beginnings, such as "XE1"; all if there is none.
        ignore: Codes or their beginnings to leave out.
        **settings: Keyword arguments of the loss, where it is a name or a function, and of its call: ``weight``,
            ``label_smoothing``, ``pos_weight``, ``ignore_index``, ``mask`` and so on. xent's own ``logits``, which is
            the first argument here, is called ``transform``.

    Returns:
        The findings, errors first; empty, and false, if there are none.

    Raises:
        TypeError: An argument of the wrong type, an unknown setting.
        ValueError: An unknown loss or code; counts that are none.
        LintError: XENT_STRICT=1 is set, and there is a finding of severity error.

    Example:
        >>> import torch, xent
        >>> probabilities = torch.eye(4).softmax(dim=1)
        >>> found = xent.lint(probabilities, torch.arange(4))
        >>> found.codes
        ('XE101',)

    References:
        The mistakes and their figures: docs/lint.md.
    """
    for name, tensor in (("logits", logits), ("target", target)):
        if not isinstance(tensor, Tensor):
            raise TypeError(f"lint: `{name}` must be a tensor, not {type(tensor).__name__}.")
    call = call_of(
        logits,
        target,
        loss,
        settings,
        counts=count_tensor(counts),
        value=None if value is None else torch.as_tensor(value),
        step=step,
        kind=kind,
    )
    findings = judge(call, choose(select, ignore))
    raise_errors(findings)
    return findings


def call_of(logits: Tensor, target: Tensor, loss: object, settings: Mapping[str, Any], **known: Any) -> Call:
    """The call of a loss, described.

    Args:
        logits: Its input.
        target: Its target.
        loss: A name, a function, a module, or None for predictions.
        settings: Keyword arguments of the loss, as :func:`lint` takes them.
        **known: Fields of the :class:`Call` that do not belong to the loss: counts, value, step, kind.
    """
    return Call(input=logits, target=target, **known, **_with_dim(describe(loss, settings), logits))


def judge(call: Call, rules: Iterable[Rule]) -> Findings:
    """What the rules find in a call, the worst first."""
    return worst_first(finding for rule in rules if (finding := rule.apply(call)) is not None)


def _with_dim(description: dict[str, Any], input: Tensor) -> dict[str, Any]:
    """The class axis, counted from the front: the second for softmax losses, the last for all others."""
    last = max(input.ndim - 1, 0)
    dim = description.get("dim")
    if dim is None:
        dim = min(1, last) if description["loss"] in ("cross_entropy", "nll_loss", "other") else last
    return {**description, "dim": dim % max(input.ndim, 1)}


def count_tensor(counts: "Counts | None", asked_by: str = "lint") -> Tensor | None:
    """Counts of the classes, in any form, as a call has them.

    Args:
        counts: The counts.
        asked_by: Whose argument it is, for the error.

    Raises:
        ValueError: They are none.
    """
    if counts is None:
        return None
    values = counts.counts if isinstance(counts, ClassCounts) else torch.as_tensor(counts)
    if values.ndim != 1 or values.is_complex() or not bool((values >= 0).all()):
        raise ValueError(f"{asked_by}: `counts` must be one number of at least 0 for each class, got {counts!r}.")
    return values.double()
