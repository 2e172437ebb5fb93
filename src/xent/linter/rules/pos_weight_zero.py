"""XE307: pos_weight of 0 does not ignore a class."""

import torch
from torch import Tensor

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule


@rule(
    "XE307",
    "pos-weight-zero",
    Severity.ERROR,
    losses=("binary_cross_entropy_with_logits",),
    fix="""
    mask = torch.ones_like(target, dtype=torch.bool)
    mask[:, 0] = False  # no loss, no gradient, not counted
    loss = xent.binary_cross_entropy_with_logits(logits, target, mask=mask)
    """,
)
def pos_weight_zero(call: Call) -> Evidence | None:
    """pos_weight is 0 for a class, as if that would ignore it.

    Why:
        The positives of the class are ignored, and its negatives still push its logit down. The model learns that the
        class never occurs; and its elements still count in the denominator of the mean. At logit 0, in the mean over
        three elements, the gradient of a negative is .1667 with or without the weight. What is to be left out has to
        be masked.

    Told by:
        A 0 in ``pos_weight`` where ``weight`` and ``neg_weight`` are not 0 as well, and some negative is not masked.
    """
    if call.pos_weight is None:
        return None
    zeros = _learned(call) & (call.pos_weight.detach() == 0)
    if not bool(zeros.any()):
        return None
    places = zeros.reshape(-1).nonzero().flatten()
    return Evidence(
        f"{len(places)} of {zeros.numel()} numbers in `pos_weight` are 0, the first for class {int(places[0])}: its "
        "negatives still push",
        {"zeros": float(len(places)), "first": float(places[0])},
    )


def _learned(call: Call) -> Tensor:
    """Where negatives have a part in the loss, of the shape of pos_weight."""
    shape = call.pos_weight.shape if call.pos_weight is not None else torch.Size()
    learned = torch.ones(shape, dtype=torch.bool, device=call.input.device)
    for weight in (call.weight, call.neg_weight):
        if isinstance(weight, torch.Tensor) and weight.shape == shape:
            learned &= weight.detach() != 0
    if call.facts.positives is not None and shape == (call.facts.classes,):
        _, elements = call.facts.positives
        learned &= (elements > 0).to(call.input.device)
    return learned
