"""The results as files: results.json (everything but the predictions) and results.csv (one row a run)."""

import csv
import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from xent.compare.candidates import BASELINE, CANDIDATES
from xent.compare.metrics import MEASURES
from xent.compare.results import Results, Winner
from xent.compare.run import Run
from xent.compare.settings import Settings
from xent.jobs import write_atomically


def write_results(settings: Settings, results: Results, out: Path) -> None:
    """Write results.json and results.csv into ``out``."""
    write_atomically(out / "results.json", results_json(settings, results).encode())
    write_atomically(out / "results.csv", results_csv(results).encode())


def results_json(settings: Settings, results: Results) -> str:
    """Settings and versions, measures, the findings by loss, the winners, and every run, as JSON."""
    content = {
        "settings": {**settings.common(), "seeds": settings.seeds},
        "measures": {key: asdict(measure) for key, measure in MEASURES.items()},
        "losses": {loss: _loss(results, loss) for loss in results.losses},
        "winners": {key: _winner(winner) for key, winner in results.winners.items()},
        "runs": [_run(run) for run in results.runs],
    }
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def results_csv(results: Results) -> str:
    """One row a run: loss, seed, the measures, and the recall of every class."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    classes = range(len(results.runs[0].counts))
    writer.writerow(["loss", "seed", *MEASURES, *(f"recall_class_{k}" for k in classes)])
    for run in results.runs:
        writer.writerow([run.loss, run.seed, *(run.measures[key] for key in MEASURES), *run.recall.tolist()])
    return table.getvalue()


def _loss(results: Results, loss: str) -> dict[str, Any]:
    candidate = CANDIDATES[loss]
    return {
        "title": candidate.title,
        "source": candidate.source,
        "code": candidate.code,
        "measures": {key: asdict(results.spread(loss, key)) for key in MEASURES},
        "against_ce": {key: asdict(results.difference(loss, BASELINE, key)) for key in MEASURES},
        "recall_head_to_tail": results.recall_from_head(loss).mean(axis=0).tolist(),
    }


def _winner(winner: Winner) -> dict[str, Any]:
    return {"loss": winner.loss, "not_told_apart": winner.not_told_apart}


def _run(run: Run) -> dict[str, Any]:
    return {
        "loss": run.loss,
        "seed": run.seed,
        "measures": run.measures,
        "training_counts": run.counts.tolist(),
        "recall": run.recall.tolist(),
    }
