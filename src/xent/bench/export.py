"""The results as text: JSON (everything but single times) and CSV (one row a round)."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from xent.bench.results import Failure, Measurement
from xent.bench.settings import Settings


def results_json(settings: Settings, outcomes: Sequence[Measurement | Failure]) -> str:
    """Settings, machine, and of every case times, ratios, memory and page faults, as JSON."""
    measured = [outcome for outcome in outcomes if isinstance(outcome, Measurement)]
    content = {
        "settings": {**asdict(settings), "effort": asdict(settings.effort)},
        "machine": measured[0].machine if measured else None,
        "cases_asked": len(settings.chosen) * len(settings.modes),
        "cases_measured": len(measured),
        "cases": [_case(measurement) for measurement in measured],
        "failures": [
            {"case": failure.case.name, "memory": failure.memory, "reason": failure.reason}
            for failure in outcomes
            if isinstance(failure, Failure)
        ],
    }
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def results_csv(outcomes: Sequence[Measurement | Failure]) -> str:
    """One row a round: seconds a call of everyone who took part in it."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["case", "memory", "workload", "round", "contestant", "seconds"])
    for outcome in outcomes:
        if isinstance(outcome, Measurement):
            writer.writerows(_rows(outcome))
    return table.getvalue()


def _rows(measurement: Measurement) -> list[list[object]]:
    return [
        [measurement.case.name, measurement.memory, workload, round, contestant, f"{seconds:.4g}"]
        for workload, by_contestant in measurement.times.items()
        for contestant, times in by_contestant.items()
        for round, seconds in enumerate(times.seconds)
    ]


def _case(measurement: Measurement) -> dict[str, Any]:
    case = measurement.case
    return {
        "name": case.name,
        "loss": case.loss,
        "title": case.definition.title,
        "dtype": case.dtype,
        "shape": case.shape,
        "memory": measurement.memory,
        "fastest_read": measurement.fastest_read,
        "differences": measurement.differences,
        "workloads": {workload: _workload(measurement, workload) for workload in measurement.times},
    }


def _workload(measurement: Measurement, workload: str) -> dict[str, Any]:
    return {
        "rounds": measurement.rounds(workload),
        "contestants": {name: _contestant(measurement, workload, name) for name in measurement.contestants()},
    }


def _contestant(measurement: Measurement, workload: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "seconds": asdict(measurement.seconds(workload, name)),
        "over_xent": asdict(measurement.ratio(workload, name)),
        "page_faults": measurement.times[workload][name].page_faults,
    }
    peaks = measurement.peak_bytes.get(workload, {})
    if name in peaks:
        found["peak_bytes"] = peaks[name]
    return found
