"""What is timed: losses, shapes and dtypes."""

import math
from dataclasses import dataclass

import torch

from xent.bench.losses import LOSSES, Loss
from xent.jobs import InputError

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}

# What a module costs beside its arithmetic shows at this size only.
MODULE_SHAPE = (32, 10)

# A classifier's batch, two of many rows and few classes, language models, one long row, and segmentation.
SHAPES = (
    (256, 1000),
    (4096, 1000),
    (65536, 100),
    (400_000, 10),
    (1_000_000, 2),
    (2048, 32_000),
    (256, 128_256),
    (1, 4_000_000),
    (16, 21, 256, 256),
)
SHAPE_OF_THE_OTHERS = (4096, 1000)

# Elements of the largest case that `quick` includes.
QUICK_ELEMENTS = 256_000


@dataclass(frozen=True)
class Case:
    """A loss, a dtype by its short name, and the shape of its input."""

    loss: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def name(self) -> str:
        """Such as ``ce fp32 4096x1000``."""
        return f"{self.loss} {self.dtype} {'x'.join(map(str, self.shape))}"

    @property
    def elements(self) -> int:
        """Number of elements of the input."""
        return math.prod(self.shape)

    @property
    def definition(self) -> Loss:
        """The loss itself."""
        return LOSSES[self.loss]


CASES = (
    *(Case("ce-module", dtype, MODULE_SHAPE) for dtype in DTYPES),
    *(Case("ce", dtype, shape) for dtype in DTYPES for shape in SHAPES),
    *(Case(loss, "fp32", SHAPE_OF_THE_OTHERS) for loss in LOSSES if loss not in ("ce", "ce-module")),
)


def choose(text: str, quick: bool = False) -> tuple[Case, ...]:
    """The cases in whose names one of ``text``'s comma-separated parts begins a word; all of them for "".

    Args:
        text: Such as ``ce fp32, kl``.
        quick: Only small ones.

    Raises:
        InputError: If a part fits no case.
    """
    among = tuple(case for case in CASES if case.elements <= QUICK_ELEMENTS or not quick)
    parts = [" ".join(part.split()) for part in text.split(",")]
    for part in parts:
        if not any(_fits(part, case) for case in among):
            where = " of the small ones" if quick else ""
            raise InputError(f"cases: '{part}' fits none{where}; xent bench --list shows them")
    return tuple(case for case in among if any(_fits(part, case) for part in parts))


def _fits(part: str, case: Case) -> bool:
    return f" {part}" in f" {case.name}"
