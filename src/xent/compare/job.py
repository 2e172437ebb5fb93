"""The comparison: every loss with every seed, seed by seed, so that what an interruption leaves are pairs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from xent.compare.candidate import Candidate
from xent.compare.candidates import BASELINE
from xent.compare.comparison import Comparison, counted
from xent.compare.data import Split
from xent.compare.metrics.multi_label import best_thresholds
from xent.compare.run import Run
from xent.compare.settings import Settings
from xent.compare.shares import Shares, shares_now
from xent.compare.store import Store
from xent.compare.train import one_thread, train


@dataclass(frozen=True)
class Progress:
    """What the job tells after each run. A run that is ``taken_up`` was found in the store, finished."""

    run: Run
    finished: int
    total: int
    taken_up: bool


def compare(settings: Settings | Comparison, out: Path, on_run: Callable[[Progress], None]) -> list[Run]:
    """Train what ``out`` does not hold yet, and return all runs, seed by seed.

    A run is on disk before ``on_run`` hears of it: whatever interrupts the job, the finished runs stay, and
    the next call with the same settings takes them up.

    Args:
        settings: What to compare.
        out: Directory for the runs; made, once settings and data are found good, if it does not exist.
        on_run: Called after each run.

    Raises:
        InputError: If settings and data do not go together (see Comparison), or if ``out`` cannot be written or holds
            runs of other settings.
    """
    comparison = settings if isinstance(settings, Comparison) else Comparison(settings)
    store = Store(out, comparison.common())
    runs: list[Run] = []
    with one_thread():
        for seed in range(comparison.seeds):
            rows = comparison.split(seed)
            of_seed: dict[str, Run] = {}
            for candidate in comparison.candidates:
                run = store.load(candidate, seed)
                taken_up = run is not None
                if run is None:
                    run = _run(candidate, seed, rows, comparison, of_seed)
                    store.save(candidate, run)
                of_seed[candidate.name] = run
                on_run(Progress(run, len(runs) + len(of_seed), comparison.total, taken_up))
            runs.extend(of_seed.values())
    return runs


def _run(candidate: Candidate, seed: int, rows: Split, comparison: Comparison, of_seed: Mapping[str, Run]) -> Run:
    if candidate.adjustment is None:
        return _trained(candidate, seed, rows, comparison)
    baseline = of_seed[BASELINE[comparison.task]]
    adjusted = baseline.logits - candidate.adjustment(counted(rows)).numpy()
    return replace(baseline, loss=candidate.name, logits=adjusted)


def _trained(candidate: Candidate, seed: int, rows: Split, comparison: Comparison) -> Run:
    model = comparison.model(candidate, rows, seed).eval()
    criterion = candidate.criterion(counted(rows), comparison.recipe.epochs)
    before = shares_now(model, criterion, rows)
    with torch.random.fork_rng(devices=[]):
        # A model of somebody's own may draw numbers, for dropout.
        torch.manual_seed(seed)
        seconds_per_step = train(model, criterion, rows, comparison.recipe, seed)
    with torch.no_grad():
        logits, training_logits = (
            candidate.prediction(model(features)).numpy() for features in (rows.test_features, rows.train_features)
        )
    return Run(
        loss=candidate.name,
        seed=seed,
        logits=logits,
        target=rows.test_target.numpy(),
        counts=rows.counts.numpy(),
        training_rows=len(rows.train_target),
        class_names=comparison.data.class_names,
        shares=Shares.before_and_after(before, shares_now(model, criterion, rows)),
        seconds_per_step=seconds_per_step,
        thresholds=(
            best_thresholds(training_logits, rows.train_target.numpy()) if comparison.task == "multi-label" else None
        ),
    )
