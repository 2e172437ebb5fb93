"""What a comparison is asked to do."""

import math
from dataclasses import dataclass, field

from xent.compare import models
from xent.compare.candidates import check_names
from xent.compare.data import Source
from xent.compare.recipe import Recipe
from xent.jobs import InputError

# What comes about equally often is thinned to a long tail by default; what has one of its own is left alone.
DEFAULT_IMBALANCE = {"digits": 100.0}


@dataclass(frozen=True)
class Settings:
    """A comparison of losses over seeds, checked at construction as far as that goes without the data.

    Attributes:
        losses: Names of candidates, or ``all``; None for a handful that suits the task. The plain loss is trained in
            any case, as the baseline.
        seeds: Number of seeds, 0 to seeds-1. A seed decides the split, the initial weights and the batches.
        imbalance: Ratio of the largest to the smallest training count that a balanced dataset is thinned to; None for
            100 on the digits, and for the rows as they are on all other data.
        recipe: How a model is trained; None for a recipe that suits the number of rows.
        epochs: Passes over the training rows; None for those of the recipe.
        source: The rows.
        model: ``linear``, ``mlp``, ``cosine`` or ``package.module:factory``.

    Raises:
        InputError: If a value is outside its domain, or a loss or the model is unknown.
    """

    losses: tuple[str, ...] | None = None
    seeds: int = 5
    imbalance: float | None = None
    recipe: Recipe | None = None
    epochs: int | None = None
    source: Source = field(default_factory=Source)
    model: str = "mlp"

    def __post_init__(self) -> None:
        check_names(self.losses or ())
        models.check_name(self.model)
        if self.seeds < 1:
            raise InputError(f"seeds must be at least 1, got {self.seeds}")
        for epochs in (self.epochs, self.recipe.epochs if self.recipe else None):
            if epochs is not None and epochs < 1:
                raise InputError(f"epochs must be at least 1, got {epochs}")
        if self.imbalance is None:
            object.__setattr__(self, "imbalance", DEFAULT_IMBALANCE.get(self.source.data))
        elif not 1 <= self.imbalance < math.inf:
            raise InputError(f"imbalance must be a number of at least 1, got {self.imbalance:g}")
