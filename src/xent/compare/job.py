"""The comparison: every loss with every seed, seed by seed, so that what an interruption leaves are pairs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from xent.compare.candidates import BASELINE, Candidate
from xent.compare.data import Split, split
from xent.compare.model import build_model
from xent.compare.run import Run
from xent.compare.settings import Settings
from xent.compare.store import Store
from xent.compare.train import one_thread, train


@dataclass(frozen=True)
class Progress:
    """What the job tells after each run. A run that is ``taken_up`` was found in the store, finished."""

    run: Run
    finished: int
    total: int
    taken_up: bool


def compare(settings: Settings, out: Path, on_run: Callable[[Progress], None]) -> list[Run]:
    """Train what ``out`` does not hold yet, and return all runs, seed by seed.

    A run is on disk before ``on_run`` hears of it: whatever interrupts the job, the finished runs stay, and
    the next call with the same settings takes them up.

    Args:
        settings: What to compare.
        out: Directory for the runs; made, once settings and data are found good, if it does not exist.
        on_run: Called after each run.

    Raises:
        InputError: If the data cannot be made as imbalanced as the settings want, or if ``out`` cannot be
            written or holds runs of other settings.
    """
    data = settings.source.load()
    splits = [split(data, seed, settings.imbalance) for seed in range(settings.seeds)]
    store = Store(out, settings.common())
    total = settings.seeds * len(settings.candidates)
    runs: list[Run] = []
    with one_thread():
        for seed, rows in enumerate(splits):
            of_seed: dict[str, Run] = {}
            for candidate in settings.candidates:
                run = store.load(candidate, seed)
                taken_up = run is not None
                if run is None:
                    run = _run(candidate, seed, rows, settings, of_seed)
                    store.save(candidate, run)
                of_seed[candidate.name] = run
                on_run(Progress(run, len(runs) + len(of_seed), total, taken_up))
            runs.extend(of_seed.values())
    return runs


def _run(candidate: Candidate, seed: int, rows: Split, settings: Settings, of_seed: Mapping[str, Run]) -> Run:
    if candidate.adjustment is None:
        return _trained(candidate, seed, rows, settings)
    baseline = of_seed[BASELINE]
    adjusted = baseline.logits - candidate.adjustment(rows.counts).numpy()
    return replace(baseline, loss=candidate.name, logits=adjusted)


def _trained(candidate: Candidate, seed: int, rows: Split, settings: Settings) -> Run:
    model = build_model(rows.train_features.shape[1], len(rows.counts), seed)
    seconds_per_step = train(model, candidate.criterion(rows.counts), rows, settings.recipe, seed)
    with torch.no_grad():
        logits = model(rows.test_features)
    return Run(
        loss=candidate.name,
        seed=seed,
        logits=logits.numpy(),
        labels=rows.test_target.numpy(),
        counts=rows.counts.numpy(),
        seconds_per_step=seconds_per_step,
    )
