"""Which calls the kernels compute, and why not the others."""

import torch
from torch import Tensor

from xent.backends.native import module
from xent.core.call import Call, DivergenceCall, LogProbabilityCall, SigmoidCall, SoftmaxCall

DTYPES = (torch.float32, torch.bfloat16, torch.float16, torch.float64)
# Labels are taken as int32 within the kernels.
MOST_CLASSES = 2**31 - 1


def serves(call: Call) -> str | None:
    """None if the kernels compute this call, else the reason why not."""
    if module.ABSENCE is not None:
        return module.ABSENCE
    logits = call.logits
    if not logits.is_cpu:
        return f"the kernels run on the CPU, and the input is on {logits.device}"
    if logits.dtype not in DTYPES:
        return f"there is no kernel for {logits.dtype}"
    if isinstance(call, SoftmaxCall):
        return _softmax(call)
    return _elements(call)


def _softmax(call: SoftmaxCall) -> str | None:
    if type(call) is LogProbabilityCall:
        return "nll_loss has no kernel: it reads one number a row, as torch's operations do"
    if not torch.compiler.is_compiling() and call.logits.shape[call.dim] > MOST_CLASSES:
        return f"the kernels count at most {MOST_CLASSES} classes"
    if not call.indexed:
        if (reason := _mixed(call, call.target, "target")) is not None:
            return reason
        if call.weight is not None and (reason := _mixed(call, call.weight, "weight")) is not None:
            return reason
    return _numbers(call)


def _elements(call: SigmoidCall | DivergenceCall) -> str | None:
    if call.target.dtype not in DTYPES:
        return f"there is no kernel for a target of {call.target.dtype}"
    if type(call) is SigmoidCall:
        return _numbers(call)
    return None


def _mixed(call: SoftmaxCall, value: Tensor, name: str) -> str | None:
    if value.dtype not in DTYPES:
        return f"there is no kernel for a {name} of {value.dtype}"
    if value.dtype == torch.float64 and call.logits.dtype != torch.float64:
        return f"the kernels do not mix float64 in {name} with an input of {call.logits.dtype}"
    return None


def _numbers(call: SoftmaxCall | SigmoidCall) -> str | None:
    """Whether tensors stand for numbers, which a trace could not read."""
    for name, value in (("ignore_index", call.ignore_index), ("label_smoothing", call.label_smoothing)):
        if isinstance(value, Tensor):
            return f"{name} is a tensor, and the kernels take a number"
    return None
