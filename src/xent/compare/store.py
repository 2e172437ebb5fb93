"""The runs of a comparison on disk: one file each, so that finished runs outlive an interruption.

A run's file holds what determined the run beside what came out of it. A file of other settings is never taken
up: the store refuses to open.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from xent.compare.candidate import Candidate
from xent.compare.run import Run
from xent.compare.shares import Shares
from xent.jobs import InputError, make_directory, write_atomically

# What every run has.
ARRAYS = (
    "settings",
    "logits",
    "target",
    "counts",
    "training_rows",
    "class_names",
    "loss_shares",
    "gradient_shares",
    "seconds_per_step",
)


class Store:
    """The folder ``runs`` of a directory, for runs of one set of settings.

    Args:
        directory: Made if it does not exist.
        common: What determines every run beside its loss and its seed; see Comparison.common.

    Raises:
        InputError: If the directory cannot be written, or holds runs of other settings.
    """

    def __init__(self, directory: Path, common: Mapping[str, Any]) -> None:
        self.directory = directory
        self._common = dict(common)
        self._runs = directory / "runs"
        make_directory(self._runs)
        for path in sorted(self._runs.glob("*.npz")):
            self._refuse_other_settings(path)

    def path(self, loss: str, seed: int) -> Path:
        """Where the run of this loss and seed is kept."""
        return self._runs / f"{loss}-seed{seed}.npz"

    def load(self, candidate: Candidate, seed: int) -> Run | None:
        """The finished run of this candidate and seed, or None if there is none."""
        path = self.path(candidate.name, seed)
        if not path.exists():
            return None
        stored = _read(path)
        if json.loads(stored["settings"].item()) != self._settings(candidate, seed):
            raise InputError(f"out: {path} is not the run that its name says: delete it, then start again")
        return Run(
            loss=candidate.name,
            seed=seed,
            logits=stored["logits"],
            target=stored["target"],
            counts=stored["counts"],
            training_rows=stored["training_rows"].item(),
            class_names=tuple(stored["class_names"].tolist()),
            shares=Shares(stored["loss_shares"], stored["gradient_shares"]),
            seconds_per_step=stored["seconds_per_step"].item(),
            thresholds=stored.get("thresholds"),
        )

    def save(self, candidate: Candidate, run: Run) -> None:
        """Keep a finished run."""
        arrays = {
            "settings": np.array(json.dumps(self._settings(candidate, run.seed))),
            "logits": run.logits,
            "target": run.target,
            "counts": run.counts,
            "training_rows": np.array(run.training_rows),
            "class_names": np.array(run.class_names),
            "loss_shares": run.shares.loss,
            "gradient_shares": run.shares.gradient,
            "seconds_per_step": np.array(run.seconds_per_step),
        }
        if run.thresholds is not None:
            arrays["thresholds"] = run.thresholds
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
        write_atomically(self.path(candidate.name, run.seed), buffer.getvalue())

    def _settings(self, candidate: Candidate, seed: int) -> dict[str, Any]:
        return {**self._common, "loss": candidate.name, "code": candidate.code, "seed": seed}

    def _refuse_other_settings(self, path: Path) -> None:
        theirs = json.loads(_read(path)["settings"].item())
        for key, ours in self._common.items():
            if theirs.get(key) != ours:
                raise InputError(
                    f"out: {self.directory} holds runs with {key} {theirs.get(key)}, and now {key} is "
                    f"{ours}: choose another directory, or delete this one"
                )


def _read(path: Path) -> dict[str, np.ndarray]:
    try:
        with path.open("rb") as file, np.load(file) as stored:
            return {name: stored[name] for name in (*ARRAYS, *stored.files)}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"out: {path} is not a run of xent compare: choose another directory, or delete it") from error
