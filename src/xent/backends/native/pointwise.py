"""Losses of probabilities and of log-probabilities, element by element: plans for their kernel."""

import math

from xent.backends.native import module
from xent.backends.native.elements import DENSE, add_counts, add_factors, add_results
from xent.backends.native.layout import ElementLayout, number
from xent.backends.native.plans import (
    ABSENT,
    BINARY,
    DIVERGENCE,
    DIVERGENCE_OF_LOGS,
    TARGET,
    Outcome,
    PointwisePlan,
)
from xent.backends.native.results import Work, checked_memory
from xent.core import check
from xent.core.call import DivergenceCall, ProbabilityCall
from xent.core.precision import arithmetic_dtype


def run_binary(call: ProbabilityCall, work: Work) -> Outcome:
    """Binary cross entropy of probabilities."""
    return _run(call, work, BINARY)


def run_divergence(call: DivergenceCall, work: Work) -> Outcome:
    """Pointwise divergence."""
    return _run(call, work, DIVERGENCE_OF_LOGS if call.log_target else DIVERGENCE)


def fits(call: ProbabilityCall | DivergenceCall) -> bool:
    """Whether the kernel can write the gradient where the input is."""
    return ElementLayout(call.logits).is_dense(call.logits)


def _run(call: ProbabilityCall | DivergenceCall, work: Work, kind: int) -> Outcome:
    dtype = arithmetic_dtype(call.logits, call.target)
    layout = ElementLayout(call.logits)
    layout.add("input", call.logits)
    layout.add("target", call.target)
    add_results(layout, work.gradient, work.rows)
    add_counts(layout, call, dtype)
    weight = call.weight if isinstance(call, ProbabilityCall) else None
    add_factors(layout, dtype, {"weight": weight, "row_gradient": work.row_gradient})
    outer, classes, views = layout.settle(DENSE)
    divisor, batch = _mean(call, work)
    plan = PointwisePlan(
        kind,
        outer,
        classes,
        **views,
        result=ABSENT if work.result is None else number(work.result),
        reduction=work.kind,
        divisor=divisor,
        batch=batch or 1.0,
        grad_output=work.grad_output,
    )
    outcome = checked_memory(Outcome(*module.NATIVE.pointwise(plan)))
    if outcome.bad >= 0:
        name, tensor = ("target", call.target) if outcome.bad_operand == TARGET else ("input", call.logits)
        raise check.outside_unit_interval(name, tensor.permute(layout.order).flatten()[outcome.bad])
    return outcome


def _mean(call: ProbabilityCall | DivergenceCall, work: Work) -> tuple[float, float]:
    """The divisor, and how many elements make one distribution if the kernel has to count distributions."""
    if not work.by_batch or work.divisor or not isinstance(call, DivergenceCall):
        return work.divisor, 1.0
    if call.mask is None and call.sample_weight is None:
        return float(call.batch), 1.0
    return 0.0, math.prod(call.rows_shape) / max(call.batch, 1)
