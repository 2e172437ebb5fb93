"""The sigmoid link: plans for its kernel, and what comes of them."""

import torch

from xent.backends.native import module
from xent.backends.native.elements import DENSE, add_counts, add_factors, add_results
from xent.backends.native.layout import ElementLayout, number
from xent.backends.native.plans import ABSENT, Outcome, SigmoidPlan
from xent.backends.native.results import Work, checked_memory
from xent.backends.native.settings import numbers, scale_tensor
from xent.core.call import SigmoidCall
from xent.core.logits import IDENTITY
from xent.core.precision import arithmetic_dtype


def run(call: SigmoidCall, work: Work) -> Outcome:
    """Write what ``work`` asks for."""
    dtype, transform = arithmetic_dtype(call.logits, call.target), call.transform
    layout = ElementLayout(call.logits)
    layout.add("logits", call.logits)
    layout.add("target", call.target)
    add_results(layout, work.gradient, work.rows)
    add_counts(layout, call, dtype)
    add_factors(
        layout,
        dtype,
        {
            "weight": call.weight,
            "pos_weight": call.pos_weight,
            "neg_weight": call.neg_weight,
            "prior": call.smoothing_prior,
            "row_gradient": work.row_gradient,
        },
    )
    if transform is not IDENTITY:
        add_factors(layout, dtype, {"scale": scale_tensor(transform), "offset": transform.offset})
    outer, classes, views = layout.settle(DENSE)
    plan = SigmoidPlan(
        outer,
        classes,
        **views,
        result=ABSENT if work.result is None else number(work.result),
        reduction=work.kind,
        ignores=int(call.ignore_index is not None),
        ignore_index=_ignored(call),
        divisor=work.divisor,
        grad_output=work.grad_output,
        smoothing=float(call.label_smoothing),
        neg_scale=float(call.neg_scale),
        softcap=float(transform.softcap or 0.0),
        distance=float(call.distance),
        positive=numbers(call.positive),
        negative=numbers(call.negative),
    )
    return checked_memory(Outcome(*module.NATIVE.sigmoid(plan)))


def _ignored(call: SigmoidCall) -> float:
    """The target that is ignored, as the target's dtype has it."""
    if call.ignore_index is None:
        return 0.0
    return torch.tensor(float(call.ignore_index), dtype=call.target.dtype).item()


def fits(call: SigmoidCall) -> bool:
    """Whether the kernel can write the gradient where the logits are."""
    return ElementLayout(call.logits).is_dense(call.logits)
