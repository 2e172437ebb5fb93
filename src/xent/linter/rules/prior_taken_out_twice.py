"""XE703: predictions from which the prior was subtracted after a training that had taken it out."""

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.priors import prior_in
from xent.linter.rule import rule

# Power of the training prior inside the predictions: 0 where it was taken out, -1 where it was taken out twice. On rows
# with a long tail, label smoothing alone looks like -.4.
MOST, MOST_OF_TAIL = -0.4, -0.8

# Up to this power of the training prior, the labels of the rows are balanced.
BALANCED = 0.5

# Standard errors below 0.
SIGNIFICANT = 6.0


@rule(
    "XE703",
    "prior-taken-out-twice",
    Severity.ERROR,
    losses=("predictions",),
    fix="""
    prediction = logits.argmax(dim=1)  # balanced softmax and class weights have taken the prior out in training
    """,
)
def prior_taken_out_twice(call: Call) -> Evidence | None:
    """The prior of training was taken out of the predictions twice, in training and after it.

    Why:
        Frequent classes are now predicted as rarely as rare ones were before. A model that was trained with balanced
        softmax, logit adjustment, class weights or a balanced sampler is free of the prior; adjusting its logits again
        took the accuracy on long-tailed digits from .844 to .74.

    Told by:
        The training counts are given, and differ by a factor of 5 or more, and the model has learned something. The
        predictions, compared with the labels of the rows, hold the training frequencies to a power of -.4 or less
        (-.8, if the rows have a long tail too), six standard errors below 0. There, 0 is a model for balanced classes,
        and 1 a plain one. A prior that was added twice is not reported: plain training looks like it at its beginning.
    """
    prior = prior_in(call)
    if prior is None or prior.inside > -SIGNIFICANT * prior.error:
        return None
    if prior.inside > (MOST if prior.of_rows <= BALANCED else MOST_OF_TAIL):
        return None
    return Evidence(
        f"the predictions hold the prior of training to the power {prior.inside:.2f} (standard error "
        f"{prior.error:.2g}); 0 would be none. The labels of these rows go with the power {prior.of_rows:.2f} of its "
        "counts",
        {"tau": prior.tau, "error": prior.error, "rows": prior.of_rows, "inside": prior.inside},
        probable=True,
    )
