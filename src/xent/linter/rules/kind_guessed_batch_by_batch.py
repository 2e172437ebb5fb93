"""XE708: a part of the rows are probabilities, the others are not."""

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule

# Both parts must have so many rows, and this share of them.
ROWS, SHARE = 8, 0.05


@rule(
    "XE708",
    "kind-guessed-batch-by-batch",
    Severity.ERROR,
    losses=("predictions",),
    fix="""
    probabilities = torch.softmax(logits, dim=1)  # always, whatever the values of a batch look like
    """,
)
def kind_guessed_batch_by_batch(call: Call) -> Evidence | None:
    """A part of the rows are probabilities and the others logits.

    Why:
        No reading of them is right for all rows. This happens where the kind is guessed in each batch, such as by
        "all values in [0, 1], so no softmax": batches of timid logits pass for probabilities, or a softmax is taken of
        some batches only. It also happens where outputs of two models are put together.

    Told by:
        At least 5 % of the rows, and eight of them, lie in [0, 1] and sum to 1, to rounding; and as many do not.
        Single-label predictions only: of independent classes nothing but the range is known.
    """
    facts = call.facts
    if facts.labels is None or facts.classes < 2:
        return None
    rows = facts.rows
    inside = ((rows >= 0) & (rows <= 1)).all(1) & ((rows.sum(1) - 1).abs() <= facts.tolerance)
    total, probabilities = len(rows), int(inside.sum())
    fewer = min(probabilities, total - probabilities)
    if fewer < max(ROWS, SHARE * total):
        return None
    return Evidence(
        f"{probabilities} of {total} rows lie in [0, 1] and sum to 1, the other {total - probabilities} do not",
        {"probabilities": float(probabilities), "rows": float(total)},
    )
