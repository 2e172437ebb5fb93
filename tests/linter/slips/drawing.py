"""What the ways have in common: the register, and what people do with tensors before they reach a loss."""

import random
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from tests.linter.worlds.moments import Moment

Case = dict[str, Any]
Maker = Callable[[random.Random], Case]

# By the code of the rule that is to find it.
SLIPS: dict[str, list[Maker]] = {}

SIZES = (16, 24, 32, 50, 64, 100, 128, 200, 256, 512)


def slip(code: str) -> Callable[[Maker], Maker]:
    """Register a way to make the mistake of a rule."""

    def register(make: Maker) -> Maker:
        SLIPS.setdefault(code, []).append(make)
        return make

    return register


def size(draw: random.Random, least: int = 16) -> int:
    """Rows of a batch."""
    return draw.choice([rows for rows in SIZES if rows >= least])


def generator(draw: random.Random) -> torch.Generator:
    return torch.Generator().manual_seed(draw.randrange(1 << 30))


def _detached(logits: Tensor, target: Tensor, _: random.Random) -> tuple[Tensor, Tensor]:
    return logits.detach(), target


def _strided(logits: Tensor, target: Tensor, _: random.Random) -> tuple[Tensor, Tensor]:
    """Every other row of a tensor twice as long."""
    return logits.repeat_interleave(2, 0)[::2], target.repeat_interleave(2, 0)[1::2]


def _sliced(logits: Tensor, target: Tensor, _: random.Random) -> tuple[Tensor, Tensor]:
    """The batch without its last rows, as in a loop over parts of it."""
    kept = max(len(logits) * 3 // 4, min(len(logits), 12))
    return logits[:kept], target[:kept]


def _reordered(logits: Tensor, target: Tensor, draw: random.Random) -> tuple[Tensor, Tensor]:
    order = torch.randperm(len(logits), generator=generator(draw))
    return logits[order], target[order]


def _transposed(logits: Tensor, target: Tensor, _: random.Random) -> tuple[Tensor, Tensor]:
    """As it was, with other strides."""
    return logits.transpose(0, -1).contiguous().transpose(0, -1), target


def _double(logits: Tensor, target: Tensor, _: random.Random) -> tuple[Tensor, Tensor]:
    return logits.double(), target


def _sixteen_bits(logits: Tensor, target: Tensor, draw: random.Random) -> tuple[Tensor, Tensor]:
    return logits.to(draw.choice((torch.bfloat16, torch.float16))), target


def _leaf(logits: Tensor, target: Tensor, _: random.Random) -> tuple[Tensor, Tensor]:
    return logits.detach().clone().requires_grad_(), target


def dressed(
    draw: random.Random,
    logits: Tensor,
    target: Tensor,
    *,
    slices: bool = True,
    bits: bool = True,
    graph: bool = False,
    formats: bool = True,
) -> Case:
    """Both, after some of what people do to tensors on the way, in any order.

    Args:
        draw: What is drawn.
        logits: The loss's input.
        target: The loss's target.
        slices: Whether rows may go.
        bits: Whether 16 bits are left of the numbers at times.
        graph: Whether the mistake is seen in the autograd graph only.
        formats: Whether the number format may change at all.
    """
    ways = [_strided, _reordered, _transposed]
    ways += [] if graph else [_detached, _leaf]
    ways += [_sliced] if slices else []
    ways += [_double] if formats else []
    chosen = draw.sample(ways, draw.randint(0, 2))
    if bits and formats and draw.random() < 0.25:
        chosen.insert(draw.randint(0, len(chosen)), _sixteen_bits)
    for way in chosen:
        logits, target = way(logits, target, draw)
    return {"logits": logits, "target": target}


def told(draw: random.Random, case: Case, moment: Moment) -> Case:
    """At times with the training counts and the steps."""
    if draw.random() < 0.3:
        case.setdefault("counts", moment.counts)
    if draw.random() < 0.3:
        case.setdefault("step", moment.step)
    return case
