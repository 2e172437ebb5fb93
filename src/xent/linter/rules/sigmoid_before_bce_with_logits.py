"""XE102: binary cross entropy with logits takes logits, and was given a sigmoid."""

import math

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule

# Fewer numbers than this may all lie in [0, 1] by chance.
FEWEST = 32

# Logits of a model that has not learned lie near 0, on one side perhaps; probabilities of one lie near 0.5.
REACH = 0.4

# Exact zeros are rare among probabilities, and half of what a ReLU returns.
MOST_ZEROS = 0.25

LOWEST_NEGATIVE = math.log(2)
LOWEST_POSITIVE = math.log1p(math.exp(-1))


@rule(
    "XE102",
    "sigmoid-before-bce-with-logits",
    Severity.ERROR,
    losses=("binary_cross_entropy_with_logits",),
    fix="""
    logits = model(x)  # no sigmoid at the end of the model
    loss = xent.binary_cross_entropy_with_logits(logits, target)
    """,
)
def sigmoid_before_bce_with_logits(call: Call) -> Evidence | None:
    """The input of binary cross entropy with logits has been through a sigmoid already.

    Why:
        A negative cannot cost less than ln 2 = 0.6931 and a positive not less than 0.3133, however right the model is.
        The loss takes the sigmoid itself: of numbers between 0 and 1 it makes probabilities between 0.5 and 0.731. The
        slope of the first sigmoid, at most a quarter, shrinks every gradient.

    Told by:
        The autograd graph of the input ends in a sigmoid or a softmax. Without a graph: at least 32 numbers, all of
        them in [0, 1], the largest above 0.4 and no more than a quarter of them 0, and no linear layer made them. The
        second is probable only.
    """
    facts = call.facts
    numbers = {
        "lowest": facts.lowest,
        "highest": facts.highest,
        "lowest_loss_of_a_negative": LOWEST_NEGATIVE,
        "lowest_loss_of_a_positive": LOWEST_POSITIVE,
    }
    floors = "no negative can cost less than 0.6931 nats, no positive less than 0.3133"
    made_by = {"SigmoidBackward0": "a sigmoid", "SoftmaxBackward0": "a softmax"}.get(facts.made_by)
    if made_by is not None:
        return Evidence(f"the input was made by {made_by}: {floors}", numbers)
    if facts.made_by_layer or not _looks_like_probabilities(call):
        return None
    return Evidence(
        f"all {facts.rows.numel()} numbers looked at lie in [{facts.lowest:.3g}, {facts.highest:.3g}], "
        f"as probabilities do: {floors}",
        numbers,
        probable=True,
    )


def _looks_like_probabilities(call: Call) -> bool:
    facts = call.facts
    if facts.rows.numel() < FEWEST or not (facts.lowest >= 0 and REACH < facts.highest <= 1):
        return False
    return float((facts.rows == 0).double().mean()) <= MOST_ZEROS
