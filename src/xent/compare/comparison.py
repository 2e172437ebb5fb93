"""Settings and data brought together: checked before anything is trained or written."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import sklearn
import torch
from torch import nn

from xent import __version__
from xent.compare.candidate import Candidate
from xent.compare.candidates import choose
from xent.compare.data import Dataset, Split, split
from xent.compare.models import build_model, check_output
from xent.compare.recipe import Recipe, recipe_for
from xent.compare.settings import Settings
from xent.compare.task import Task, task_of
from xent.imbalance import ClassCounts
from xent.jobs import InputError

# The largest count over the smallest, up to which classes come about equally often.
EVEN = 1.5


class Comparison:
    """What settings come to on their data.

    Args:
        settings: What to compare.

    Attributes:
        settings: The same.
        data: The rows.
        task: Whether a row has one class or any number.
        candidates: The losses to compare, the plain one first.
        recipe: How a model is trained.

    Raises:
        InputError: If the data cannot be read, divided, or made as imbalanced as the settings want; if a loss is not
            for such data; or if the model does not go with them.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.data: Dataset = settings.source.load()
        self.task: Task = task_of(self.data.target)
        self.candidates: tuple[Candidate, ...] = choose(settings.losses, self.task)
        if settings.imbalance is not None:
            _check_even(self.data)
        first = self.split(0)
        for seed in range(1, settings.seeds):
            # Only to see that it can be done.
            self.split(seed)
        recipe = settings.recipe or recipe_for(len(first.train_target))
        self.recipe: Recipe = replace(recipe, epochs=settings.epochs or recipe.epochs)
        self._check_models(first)
        self._common = self._settled(first)

    @property
    def seeds(self) -> int:
        """Number of seeds."""
        return self.settings.seeds

    @property
    def total(self) -> int:
        """Number of runs."""
        return self.seeds * len(self.candidates)

    def split(self, seed: int) -> Split:
        """Training and test rows of a seed."""
        return split(self.data, seed, self.settings.imbalance)

    def model(self, candidate: Candidate, rows: Split, seed: int) -> nn.Module:
        """The model that a candidate trains, untrained."""
        features = rows.train_features.shape[1]
        return build_model(self.settings.model, features, len(rows.counts), seed, cosines=candidate.cosines)

    def common(self) -> dict[str, Any]:
        """What determines the outcome of every run, beside its loss and its seed; JSON values only."""
        return dict(self._common)

    def __str__(self) -> str:
        """Data, model and recipe in words."""
        tail = "" if self.settings.imbalance is None else f" thinned to an imbalance of {self.settings.imbalance:g}"
        return f"Data: {self.data.name}{tail}. Model: {self.settings.model}. Training: {self.recipe}."

    def _check_models(self, rows: Split) -> None:
        for cosines in sorted({candidate.cosines for candidate in self.candidates}):
            candidate = next(one for one in self.candidates if one.cosines == cosines)
            # Two rows, for one alone tells a missing axis from no axis of its own.
            check_output(
                self.settings.model, self.model(candidate, rows, seed=0), rows.train_features[:2], len(rows.counts)
            )

    def _settled(self, rows: Split) -> dict[str, Any]:
        return {
            **self.settings.source.settings(),
            "imbalance": self.settings.imbalance,
            "model": self.settings.model,
            "architecture": str(self.model(self.candidates[0], rows, seed=0)),
            **asdict(self.recipe),
            **{f"{name} version": version for name, version in versions().items()},
        }


def counted(rows: Split) -> ClassCounts:
    """How often each class is the label of a training row."""
    total = torch.full_like(rows.counts, len(rows.train_target))
    return ClassCounts(rows.counts, total, multi_label=rows.train_target.ndim == 2)


def is_even(counts: np.ndarray) -> bool:
    """Whether classes come about equally often."""
    return bool(counts.max() <= EVEN * counts.min())


def versions() -> dict[str, str]:
    """The versions of the packages that a run's numbers depend on."""
    return {
        "xent": __version__,
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
    }


def _check_even(data: Dataset) -> None:
    if data.multilabel:
        raise InputError(
            f"imbalance: a row of {data.name} may have several classes, so that none can be thinned alone: leave "
            "--imbalance out"
        )
    if not is_even(data.counts):
        raise InputError(
            f"imbalance: the classes of {data.name} come {data.counts.min()} to {data.counts.max()} times, which is "
            "no balance to thin to a long tail: leave --imbalance out"
        )
