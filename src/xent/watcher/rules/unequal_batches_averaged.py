"""XE601: gradients of means over unequal numbers of rows are added up."""

from xent.linter import Evidence, Severity
from xent.linter.call import BINARY, OF_LABELS
from xent.linter.rule import rule
from xent.watcher.history import Batch, Course

# How much more a row of one batch may count than a row of another, and steps that must show more.
RATIO = 1.25
UNEQUAL_STEPS = 2


@rule(
    "XE601",
    "unequal-batches-averaged",
    Severity.WARNING,
    losses=(*OF_LABELS, *BINARY),
    fix="""
    rows = sum((target != -100).sum() for _, target in batches)  # of all batches of the step
    for x, target in batches:
        xent.cross_entropy(model(x), target, normalizer=rows).backward()
    optimizer.step()
    """,
    over_time=True,
)
def unequal_batches_averaged(course: Course) -> Evidence | None:
    """An optimizer step adds up the means of several batches with unequal numbers of rows that count.

    Why:
        A mean of means is not the mean. Every batch weighs the same, so that a row in a small batch counts for more
        than one in a large batch. With gradient accumulation over texts, where the padding is ignored, rows differ in
        weight by as much as the lengths of the texts do, and the reported loss is as far off. Divide each batch by the
        number of rows of the whole step, with ``normalizer=``; with several ranks, by the number over all ranks.

    Told by:
        Several backward passes of the same loss between two optimizer steps, with reduction "mean" and without a
        normalizer, in which the gradient that reached the mean, divided by the number of rows that count, differs by
        more than a factor of 1.25, in at least two steps. A factor in proportion to the rows, as in
        ``(loss * rows / all_rows).backward()``, is right and stays silent.
    """
    unequal = [ratio for batches in course.steps if (ratio := ratio_of_weights(batches)) > RATIO]
    if len(unequal) < UNEQUAL_STEPS:
        return None
    batches = max(course.steps, key=ratio_of_weights)
    rows = sorted(batch.rows for batch in batches if batch.rows)
    ratio = max(unequal)
    return Evidence(
        f"an optimizer step adds up the means of {len(batches)} batches of {rows[0]} to {rows[-1]} counted rows: "
        f"a row in one of them weighs {ratio:.3g} times as much as in another",
        {"batches": float(len(batches)), "fewest": float(rows[0]), "most": float(rows[-1]), "ratio": ratio},
    )


def ratio_of_weights(batches: tuple[Batch, ...]) -> float:
    """How many times as much as another a row weighs in what the step optimizes; 1 where nothing can be said."""
    weights = [abs(batch.factor) / batch.rows for batch in batches if batch.factor and batch.rows]
    return max(weights) / min(weights) if len(weights) > 1 else 1.0
