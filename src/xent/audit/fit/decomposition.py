"""Cross entropy in three parts: what a class bias, and what a temperature would take away, and what remains.

    CE(z)  =  refinement  +  bias  +  temperature
    refinement  = CE(z/T + b)              what no such change of the logits removes
    bias        = CE(z/T) - CE(z/T + b)    classes predicted too often or too rarely: a wrong prior
    temperature = CE(z) - CE(z/T)          too sure, or not sure enough

Each row is judged by a T and a b fitted to other rows, so that a part can be negative: there was nothing to take away.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from xent.audit.fit.intervals import Interval, mean_intervals
from xent.audit.fit.likelihood import nll_by_row
from xent.audit.fit.scaling import Scaling, fit_scaling

FOLDS = 5


@dataclass(frozen=True, eq=False)
class Decomposition:
    """Cross entropy and its parts, in nats, and what was fitted to all rows.

    Attributes:
        total: Cross entropy of the rows in the sample.
        refinement: What remains.
        bias: The part of the class bias.
        temperature: The part of the temperature.
        fitted: Temperature and bias together.
        fitted_temperature: The temperature alone.
    """

    total: Interval
    refinement: Interval
    bias: Interval
    temperature: Interval
    fitted: Scaling
    fitted_temperature: float


def decompose(logits: Tensor, target: Tensor, seed: int = 0) -> Decomposition:
    """Take the cross entropy of a sample apart.

    Args:
        logits: (n, C), n at least FOLDS.
        target: Labels, (n,), or indicators, (n, C).
        seed: Of the folds and of the bootstrap.
    """
    warm = fit_scaling(logits, target, temperature=True)
    both = fit_scaling(logits, target, temperature=True, bias=True, start=warm)
    raw = nll_by_row(logits, target)
    cooled, changed = torch.empty_like(raw), torch.empty_like(raw)
    fold = torch.randperm(len(target), generator=torch.Generator().manual_seed(seed)) % FOLDS
    for number in range(FOLDS):
        held, others = fold == number, fold != number
        fit_to, known = logits[others], target[others]
        alone = fit_scaling(fit_to, known, temperature=True, start=warm)
        together = fit_scaling(fit_to, known, temperature=True, bias=True, start=both)
        cooled[held] = nll_by_row(alone.apply(logits[held]), target[held])
        changed[held] = nll_by_row(together.apply(logits[held]), target[held])
    columns = torch.stack([raw, changed, cooled - changed, raw - cooled], dim=1)
    total, refinement, bias, temperature = mean_intervals(columns, seed)
    return Decomposition(total, refinement, bias, temperature, both, warm.temperature)
