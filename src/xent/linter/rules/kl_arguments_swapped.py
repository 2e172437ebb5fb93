"""XE109: the model is kl_div's first argument."""

from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule


@rule(
    "XE109",
    "kl-arguments-swapped",
    Severity.WARNING,
    losses=("kl_div",),
    fix="""
    with torch.no_grad():
        target = teacher(x).softmax(dim=-1)
    loss = xent.kl_div(model(x).log_softmax(dim=-1), target, reduction="batchmean")  # KL(target || model)
    """,
)
def kl_arguments_swapped(call: Call) -> Evidence | None:
    """The arguments of kl_div are the wrong way round: the target is what learns.

    Why:
        kl_div(input, target) is KL(target || input), with the model in the first place, the other way round than the
        formula is written. Swapped it is the divergence in the other direction, whose value looks plausible
        (0.686 against 0.679 in one case), and which lets the model leave out what the target holds possible. Who wants
        that one, the "reverse" or mode-seeking divergence, may ignore this rule.

    Told by:
        The target requires a gradient, the input does not.
    """
    if call.input.requires_grad or not call.target.requires_grad:
        return None
    made = f" (made by {call.target.grad_fn.name()})" if call.target.grad_fn is not None else ""
    return Evidence(
        f"the target{made} requires a gradient and the input does not: the model seems to be in the target's place",
        {"input_requires_grad": 0.0, "target_requires_grad": 1.0},
        probable=True,
    )
