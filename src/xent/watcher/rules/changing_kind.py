"""XE602: the same loss gets probabilities in some batches and logits in others."""

from xent.linter import Evidence, Severity
from xent.linter.call import OF_LABELS
from xent.linter.rule import rule
from xent.watcher.history import Course


@rule(
    "XE602",
    "changing-kind",
    Severity.ERROR,
    losses=(*OF_LABELS, "binary_cross_entropy_with_logits"),
    fix="""
    logits = model(x)  # logits in training and in evaluation, for every batch
    loss = xent.cross_entropy(logits, target)
    probabilities = logits.softmax(dim=1)  # where they are wanted
    """,
    over_time=True,
)
def changing_kind(course: Course) -> Evidence | None:
    """The input of the same loss is probabilities in some batches and logits in others.

    Why:
        A loss reads its input in one way only, so that one of the two is read wrongly. It comes from a model that ends
        in a softmax in evaluation only (the validation loss then cannot fall below ln(1 + (C-1)/e), while the training
        loss can), or from code that guesses from each batch whether it holds logits: a batch of logits that happens to
        lie in [0, 1] is then guessed wrong.

    Told by:
        Rows that sum to 1, or a softmax or sigmoid at the end of the autograd graph, in some of the calls that were
        looked at, and neither in others, at the same place of the program. Elements of a binary loss that merely lie in
        [0, 1] are taken for neither.
    """
    if len(course.kinds) < 2:
        return None
    seen = " and ".join(f"{kind} in {calls}" for kind, calls in course.kinds.most_common())
    return Evidence(
        f"of {course.kinds.total()} calls that were looked at, the input was {seen}",
        {kind: float(calls) for kind, calls in course.kinds.items()},
    )
