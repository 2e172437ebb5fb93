"""XE312: a weight below 0, or of 0."""

from torch import Tensor

from xent.linter.call import BINARY, OF_LABELS, Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule


@rule(
    "XE312",
    "negative-or-zero-weights",
    Severity.ERROR,
    losses=(*OF_LABELS, *BINARY),
    fix="""
    # a class that is not to be there at all; or weights above 0
    used = torch.ones(logits.shape[1], dtype=torch.bool)
    used[0] = False
    loss = xent.cross_entropy(logits, target, logits=xent.LogitTransform(valid_classes=used))
    """,
)
def negative_or_zero_weights(call: Call) -> Evidence | None:
    """A weight is below 0, or that of a class is 0.

    Why:
        A negative weight rewards the model for being wrong, without bound: the loss has no minimum. A class of weight
        0 is not taken out either: its rows are left out, but it stays in the softmax of all other rows, which push it
        down for ever (this is reported as information: it may be meant).

    Told by:
        A number below 0 in ``weight``, ``pos_weight`` or ``neg_weight``. A 0 in the class weights of a softmax loss,
        unless ``valid_classes`` says that a class is not there.
    """
    for name, weight in (("weight", call.weight), ("pos_weight", call.pos_weight), ("neg_weight", call.neg_weight)):
        if weight is not None and bool((weight < 0).any()):
            return _negative(name, weight.detach())
    return None if call.is_binary else _zero(call)


def _negative(name: str, weight: Tensor) -> Evidence:
    lowest = float(weight.min())
    return Evidence(
        f"{int((weight < 0).sum())} of {weight.numel()} numbers in `{name}` are below 0, the lowest {lowest:.4g}",
        {"negative": float((weight < 0).sum()), "lowest": lowest},
    )


def _zero(call: Call) -> Evidence | None:
    if call.weight is None or call.transform.valid_classes is not None:
        return None
    zeros = (call.weight.detach() == 0).reshape(-1).nonzero().flatten()
    if not len(zeros):
        return None
    return Evidence(
        f"{len(zeros)} of {call.weight.numel()} class weights are 0, the first of class {int(zeros[0])}: these classes "
        "are not learned, and stay in the softmax of the others",
        {"zeros": float(len(zeros)), "first": float(zeros[0])},
        severity=Severity.INFO,
    )
