"""The results as files: results.json (everything but the predictions) and results.csv (one row a run)."""

import csv
import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from xent.compare.candidates import CANDIDATES
from xent.compare.comparison import Comparison
from xent.compare.results import Results, Winner, mean_over_seeds
from xent.compare.run import Run
from xent.compare.task import Task
from xent.jobs import write_atomically

BY_CLASS: dict[Task, str] = {"single-label": "recall", "multi-label": "average_precision"}


def write_results(comparison: Comparison, results: Results, out: Path) -> None:
    """Write results.json and results.csv into ``out``."""
    write_atomically(out / "results.json", results_json(comparison, results).encode())
    write_atomically(out / "results.csv", results_csv(results).encode())


def results_json(comparison: Comparison, results: Results) -> str:
    """Settings and versions, measures, the findings by loss, the winners, and every run, as JSON."""
    content = {
        "settings": {**comparison.common(), "seeds": comparison.seeds},
        "task": results.task,
        "classes": list(results.class_names),
        "measures": {key: asdict(measure) for key, measure in results.measures.items()},
        "losses": {loss: _loss(results, loss) for loss in results.losses},
        "winners": {key: _winner(winner) for key, winner in results.winners.items()},
        "runs": [_run(run) for run in results.runs],
    }
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def results_csv(results: Results) -> str:
    """One row a run: loss, seed, the measures, and the recall or the average precision of every class."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    by_class = (f"{BY_CLASS[results.task]}_class_{k}" for k in range(len(results.class_names)))
    writer.writerow(["loss", "seed", *results.measures, *by_class])
    for run in results.runs:
        measures = (run.measures[key] for key in results.measures)
        writer.writerow([run.loss, run.seed, *measures, *_numbers(run.by_class)])
    return table.getvalue()


def _numbers(values: np.ndarray) -> list[Any]:
    """Nested lists of numbers, with None for nan, which JSON does not have."""
    with_none = values.astype(object)
    with_none[np.isnan(values)] = None
    return list(with_none.tolist())


def _loss(results: Results, loss: str) -> dict[str, Any]:
    candidate = CANDIDATES[loss]
    return {
        "title": candidate.title,
        "source": candidate.source,
        "code": candidate.code,
        "measures": {key: asdict(results.spread(loss, key)) for key in results.measures},
        f"against_{results.baseline}": {
            key: asdict(results.difference(loss, results.baseline, key)) for key in results.measures
        },
        f"{BY_CLASS[results.task]}_head_to_tail": _numbers(mean_over_seeds(results.by_class_from_head(loss))),
    }


def _winner(winner: Winner) -> dict[str, Any]:
    return {"loss": winner.loss, "tied": winner.tied, "not_told_apart": winner.not_told_apart}


def _run(run: Run) -> dict[str, Any]:
    return {
        "loss": run.loss,
        "seed": run.seed,
        "measures": run.measures,
        "training_rows": run.training_rows,
        "training_counts": run.counts.tolist(),
        BY_CLASS[run.task]: _numbers(run.by_class),
        "shares": {
            kind: dict(zip(("before", "after"), _numbers(shares), strict=True))
            for kind, shares in (("loss", run.shares.loss), ("gradient", run.shares.gradient))
        },
        **({} if run.thresholds is None else {"thresholds": run.thresholds.tolist()}),
    }
