"""XE108: reduction="mean" of kl_div divides by classes, too."""

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule


@rule(
    "XE108",
    "kl-mean",
    Severity.WARNING,
    losses=("kl_div",),
    fix="""
    loss = xent.kl_div(log_q, target, reduction="batchmean")
    """,
)
def kl_mean(call: Call) -> Evidence | None:
    """kl_div with reduction "mean", which is its default, is the divergence divided by the number of classes.

    Why:
        The value is C times too small, and so is its gradient. "mean" divides by all numbers of the input, "batchmean"
        by its rows; only that is the mean of KL(target || input) over the batch. A temperature, a learning rate or a
        weight against another loss that was tuned with one does not fit the other.

    Told by:
        The setting. The factor is the number of the input's numbers for each of its rows.
    """
    rows = call.input.shape[0] if call.input.ndim else 0
    factor = call.input.numel() / rows if rows else 1.0
    if call.reduction != "mean" or factor <= 1:
        return None
    return Evidence(
        f'reduction="mean" divides by {call.input.numel()} numbers, not by {rows} rows: '
        f"the loss is {factor:g} times smaller than the divergence",
        {"factor": factor, "rows": float(rows)},
    )
