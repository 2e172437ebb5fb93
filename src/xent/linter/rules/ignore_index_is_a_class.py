"""XE204: the label that is left out is one of the classes."""

import torch
from torch import Tensor

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule

# Rows of the class that are asked for, and runs of them, as a share of what labels in random order have.
FEWEST = 5
SPREAD = 0.75


@rule(
    "XE204",
    "ignore-index-is-a-class",
    Severity.WARNING,
    losses=("cross_entropy", "nll_loss"),
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
        ``ignore_index`` lies in 0..C-1, and at least 5 labels equal it and are spread among the others as a class is:
        the number of their runs is at least three quarters of that in a random order. Padding comes in
        long runs, and background in regions: of these nothing is said. It remains possible that the class is left out
        on purpose; hence "probably".
    """
    facts, index = call.facts, call.ignore_index
    if facts.all_labels is None or index is None or not 0 <= index < facts.classes or facts.classes < 2:
        return None
    equal = facts.all_labels == index
    rows, ignored, runs = len(equal), int(equal.sum()), _runs(equal)
    expected = ignored * (rows - ignored + 1) / max(rows, 1)
    if ignored < FEWEST or ignored == rows or runs < SPREAD * expected:
        return None
    return Evidence(
        f"{ignored} of {rows} labels are {int(index)}, which is ignore_index and one of the classes "
        f"0..{facts.classes - 1}; they stand among the others, in {runs} places",
        {"ignored": float(ignored), "rows": float(rows), "share": ignored / rows, "runs": float(runs)},
        probable=True,
    )


def _runs(equal: Tensor) -> int:
    """How many stretches of True there are."""
    before = torch.nn.functional.pad(equal[:-1], (1, 0), value=False)
    return int((equal & ~before).sum())
