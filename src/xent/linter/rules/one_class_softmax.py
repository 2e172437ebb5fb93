"""XE211: the softmax of one number is 1."""

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule


@rule(
    "XE211",
    "one-class-softmax",
    Severity.ERROR,
    losses=("cross_entropy",),
    fix="""
    loss = xent.binary_cross_entropy_with_logits(logits.squeeze(1), target.flatten().float())
    """,
)
def one_class_softmax(call: Call) -> Evidence | None:
    """Cross entropy is given a single logit a row.

    Why:
        The loss is 0 for every logit, and so is its gradient. The softmax of one class gives it probability 1,
        whatever the logit is: nothing is learned, and nothing complains as long as the labels are 0 or floats
        of the input's shape. A model with one output asks a yes-no question, whose loss is binary cross entropy.

    Told by:
        The class axis has length 1.
    """
    if call.facts.classes != 1 or call.input.ndim == 0 or not call.input.numel():
        return None
    return Evidence(
        f"the input of shape {tuple(call.input.shape)} has one class along dim {call.dim}: the loss is always 0",
        {"classes": 1.0},
    )
