"""XE702: predictions that hold the long-tailed prior of training, on rows that do not."""

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.priors import prior_in
from xent.linter.rule import rule

# Up to this power of the training prior, the labels of the rows are far more balanced than training.
BALANCED = 0.5

# The least power that is worth taking out, and its distance from 0 in standard errors.
LEAST, SIGNIFICANT = 0.3, 6.0


@rule(
    "XE702",
    "prior-still-inside",
    Severity.WARNING,
    losses=("predictions",),
    fix="""
    logits = xent.imbalance.adjust_logits(logits, counts)  # log p - log prior, without training again
    """,
)
def prior_still_inside(call: Call) -> Evidence | None:
    """The predictions follow the class frequencies of training, and are judged on rows that do not.

    Why:
        A plainly trained model expects frequent classes as often as in training, and gives up on rare ones; on rows in
        which all come equally often that costs accuracy. Subtracting tau * log prior from the logits takes the prior
        out, and costs nothing. On the long-tailed digits of ``xent compare`` tau is 1.16 after plain cross entropy, and
        .19 after balanced softmax.

    Told by:
        The training counts are given, and differ by a factor of 5 or more; the labels of the rows come at most like
        the root of the training frequencies. The tau for which softmax(log p - tau log prior) has the least cross
        entropy is .3 or more, by six standard errors, and the model has learned something.
    """
    prior = prior_in(call)
    if prior is None or prior.of_rows > BALANCED or prior.tau < LEAST or prior.tau < SIGNIFICANT * prior.error:
        return None
    return Evidence(
        f"the cross entropy is least when {prior.tau:.2f} (standard error {prior.error:.2g}) times the log prior of "
        f"training is subtracted; the labels of these rows go with the power {prior.of_rows:.2f} of its counts",
        {"tau": prior.tau, "error": prior.error, "rows": prior.of_rows, "inside": prior.inside},
    )
