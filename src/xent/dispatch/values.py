"""Checks of what tensors hold, where it may be looked at: on the CPU, with nothing traced or transformed.

Kernels look at it themselves.
"""

from xent.core import check
from xent.core.call import Call, LogProbabilityCall, ProbabilityCall, SigmoidCall, SoftmaxCall
from xent.core.targets import counted


def check_settings(call: Call) -> None:
    """The values of settings that kernels take as they are."""
    if not isinstance(call, (SoftmaxCall, SigmoidCall)) or call.smoothing_prior is None:
        return
    if isinstance(call, SoftmaxCall):
        check.prior_values(call.smoothing_prior)
    else:
        check.unit_interval("smoothing_prior", call.smoothing_prior)


def checked(call: Call) -> Call:
    """The call once what it is about is known to lie in range, rid of what leaves out rows where it leaves out none."""
    if isinstance(call, SoftmaxCall):
        return with_labels_read(call)
    if isinstance(call, ProbabilityCall):
        read = counted(call)
        for name, value in (("input", call.logits), ("target", call.target)):
            check.unit_interval(name, value if read is None else value.masked_fill(~read, 0.0))
    return call


def with_labels_read(call: SoftmaxCall | LogProbabilityCall) -> SoftmaxCall:
    """The call once its labels are known to name classes."""
    if not call.indexed:
        return call
    read = counted(call)
    check.labels_in_range(call.target, call.logits.shape[call.dim], read, call.ignore_index)
    call = call._replace(labels_known=True)
    return call._replace(ignore_index=None, mask=None) if read is None or bool(read.all()) else call
