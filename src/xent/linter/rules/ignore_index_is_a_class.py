"""XE204: the label that is left out is one of the classes."""

import math

import torch
from torch import Tensor

from xent.linter.call import OF_LABELS, Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule

# Runs of the class that are asked for: at least so many, and so many standard deviations below those of a random order
# at the most, or this share of them.
FEWEST = 8
DEVIATIONS = 2.5
SPREAD = 0.75


@rule(
    "XE204",
    "ignore-index-is-a-class",
    Severity.WARNING,
    losses=OF_LABELS,
    fix="""
    loss = xent.cross_entropy(logits, target)  # ignore_index=-100, which is no class
    """,
)
def ignore_index_is_a_class(call: Call) -> Evidence | None:
    """``ignore_index`` is a class that rows have as their label.

    Why:
        All rows of this class are left out, and the model is never shown it. Its logit is only ever pushed down, by
        the rows of the other classes; its recall is 0, and the loss, which leaves out these rows as well, does not
        show it.

    Told by:
        ``ignore_index`` lies in 0..C-1, and labels equal it that are spread among the others as a class is: in 8 runs
        at least, and no fewer than a random order has (less 2.5 standard deviations or a quarter). Padding comes in
        long runs at the end of a sequence, and background in regions: of these nothing is said. It remains possible
        that the class is left out on purpose; hence "probably".
    """
    facts, index = call.facts, call.ignore_index
    if facts.all_labels is None or index is None or not 0 <= index < facts.classes or facts.classes < 2:
        return None
    equal = facts.all_labels == index
    rows, ignored, runs = len(equal), int(equal.sum()), _runs(equal)
    if runs < FEWEST or runs < _fewest_by_chance(ignored, rows) or _is_padding(call.target.detach() == index):
        return None
    return Evidence(
        f"{ignored} of {rows} labels are {int(index)}, which is ignore_index and one of the classes "
        f"0..{facts.classes - 1}; they stand among the others, in {runs} places",
        {"ignored": float(ignored), "rows": float(rows), "share": ignored / rows, "runs": float(runs)},
        probable=True,
    )


def _fewest_by_chance(ignored: int, rows: int) -> float:
    """How many runs labels in a random order have at the least. Wald & Wolfowitz, 1940."""
    others = rows - ignored
    expected = ignored * (others + 1) / rows
    variance = others * (others + 1) * ignored * (ignored - 1) / (rows**2 * (rows - 1))
    return max(expected - DEVIATIONS * math.sqrt(variance), SPREAD * expected)


def _is_padding(equal: Tensor) -> bool:
    """Whether in every sequence those come last, or first."""
    if equal.ndim < 2:
        return False
    before, after = equal[..., :-1], equal[..., 1:]
    return bool((before <= after).all()) or bool((after <= before).all())


def _runs(equal: Tensor) -> int:
    """How many stretches of True there are."""
    before = torch.nn.functional.pad(equal[:-1], (1, 0), value=False)
    return int((equal & ~before).sum())
