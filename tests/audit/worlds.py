"""Rows of which everything is known: classes with normal features, whose posterior is a formula."""

import torch
from torch import Tensor


def posterior_logits(
    rows: int, counts: Tensor, *, prior: Tensor | None = None, seed: int = 0, distance: float = 2.0
) -> tuple[Tensor, Tensor]:
    """Labels drawn from ``prior`` (uniform unless given), and exact logits of a model that learned under ``counts``.

    Class k has a normal feature of width 1 around ``distance * k``; the logits are log-likelihood + log count.
    """
    generator = torch.Generator().manual_seed(seed)
    classes = len(counts)
    drawn = torch.ones(classes) if prior is None else prior
    label = torch.multinomial(drawn.double(), rows, replacement=True, generator=generator)
    feature = label * distance + torch.randn(rows, generator=generator, dtype=torch.float64)
    centres = distance * torch.arange(classes, dtype=torch.float64)
    logits = -((feature[:, None] - centres) ** 2) / 2 + counts.double().log()
    return logits, label


def multi_label_logits(rows: int, classes: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Indicators, and logits that are exactly their log odds; class k has prevalence near 1 / (1 + e^(k/2))."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(rows, classes, generator=generator, dtype=torch.float64) * 1.5 - torch.arange(classes) / 2
    drawn = torch.rand(rows, classes, generator=generator, dtype=torch.float64)
    return logits, (drawn < logits.sigmoid()).long()
