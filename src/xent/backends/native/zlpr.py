"""ZLPR: the plan of the softmax link, with the divisor in it."""

from xent.backends.native import module, softmax
from xent.backends.native.plans import MEAN, Outcome
from xent.backends.native.results import Work, checked_memory
from xent.core.call import ZLPRCall
from xent.core.reduce import denominator


def run(call: ZLPRCall, work: Work) -> Outcome:
    """Write what ``work`` asks for."""
    if work.kind == MEAN and work.divisor == 0:
        work = work._replace(divisor=float(denominator(call, "mean", None) or 0.0))
    return checked_memory(softmax.of_kernel(module.NATIVE.zlpr, call, work))
