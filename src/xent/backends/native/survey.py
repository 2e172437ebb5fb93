"""What an audit asks of softmax rows, in one visit of each."""

import torch
from torch import Tensor

from xent.backends.native import module
from xent.backends.native.layout import CODES
from xent.backends.native.plans import Outcome, SurveyPlan, View
from xent.backends.native.results import checked_memory
from xent.backends.native.serves import DTYPES
from xent.core.survey import Survey


def serves(logits: Tensor) -> str | None:
    """None if the kernel takes these logits, else the reason why not."""
    if module.ABSENCE is not None:
        return module.ABSENCE
    return None if logits.dtype in DTYPES else f"there is no kernel for {logits.dtype}"


def survey(logits: Tensor, label: Tensor) -> Survey:
    """Of logits (n, C) and labels (n,) int64."""
    rows, classes = logits.shape
    if logits.stride(1) != 1:
        logits = logits.contiguous()
    found = Survey(
        torch.empty(rows, dtype=torch.uint8),
        torch.empty(rows, dtype=torch.float64),
        torch.empty(rows, dtype=torch.int64),
        torch.empty(rows, dtype=torch.float64),
        torch.empty(rows, dtype=torch.float64),
        torch.zeros(classes, dtype=torch.int64),
    )
    plan = SurveyPlan(
        rows,
        classes,
        View(logits.data_ptr(), CODES[logits.dtype], logits.stride(0), 1),
        View(label.data_ptr(), outer=label.stride(0)),
        *(View(column.data_ptr(), outer=1) for column in found),
    )
    checked_memory(Outcome(*module.NATIVE.survey(plan)))
    return found
