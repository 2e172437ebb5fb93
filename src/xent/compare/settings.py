"""What a comparison is asked to do."""

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import sklearn
import torch

from xent import __version__
from xent.compare.candidates import CANDIDATES, Candidate, choose
from xent.compare.data import Source
from xent.compare.model import HIDDEN
from xent.compare.train import Recipe
from xent.jobs import InputError


@dataclass(frozen=True)
class Settings:
    """A comparison of losses over seeds, checked at construction.

    Attributes:
        losses: Names of candidates. Plain cross entropy is trained in any case, as the baseline.
        seeds: Number of seeds, 0 to seeds-1. A seed decides the split, the initial weights and the batches.
        imbalance: Ratio of the largest to the smallest training count that a balanced dataset is thinned to; None
            leaves the rows as they are.
        recipe: How a model is trained.
        source: The rows.

    Raises:
        InputError: If a value is outside its domain or a loss is unknown.
    """

    losses: tuple[str, ...] = tuple(CANDIDATES)
    seeds: int = 5
    imbalance: float | None = 100.0
    recipe: Recipe = field(default_factory=Recipe)
    source: Source = field(default_factory=Source)

    def __post_init__(self) -> None:
        choose(self.losses)
        if self.seeds < 1:
            raise InputError(f"seeds must be at least 1, got {self.seeds}")
        if self.recipe.epochs < 1:
            raise InputError(f"epochs must be at least 1, got {self.recipe.epochs}")
        if self.imbalance is not None and not 1 <= self.imbalance < math.inf:
            raise InputError(f"imbalance must be a number of at least 1, got {self.imbalance:g}")

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The losses to compare, plain cross entropy first."""
        return choose(self.losses)

    def common(self) -> dict[str, Any]:
        """What determines the outcome of every run, beside its loss and its seed; JSON values only."""
        return {
            **self.source.settings(),
            "imbalance": self.imbalance,
            "model": f"perceptron with {HIDDEN} hidden units",
            **asdict(self.recipe),
            **{f"{name} version": version for name, version in versions().items()},
        }


def versions() -> dict[str, str]:
    """The versions of the packages that a run's numbers depend on."""
    return {
        "xent": __version__,
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
    }
