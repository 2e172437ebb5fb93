"""The audit as files: results.json (everything but the suspects) and suspects.csv."""

import csv
import io
import json
import math
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from torch import Tensor

from xent import __version__
from xent.audit.results import Audit, Suspect
from xent.jobs import write_atomically


def write_audit(audit: Audit, out: Path) -> None:
    """Write results.json and suspects.csv into ``out``, which exists."""
    write_atomically(out / "results.json", results_json(audit).encode())
    write_atomically(out / "suspects.csv", suspects_csv(audit).encode())


def results_json(audit: Audit) -> str:
    """Everything but the suspects. What is no number (the recall of a class without rows) is null, inf is "inf"."""
    content = {
        "xent": __version__,
        "source": asdict(audit.source),
        "findings": [finding.as_json() for finding in audit.findings],
        "loss": asdict(audit.loss),
        "parts": _parts(audit),
        "prior": _prior(audit),
        "classes": [asdict(one) for one in audit.classes],
        "reliability": {name: value.tolist() for name, value in vars(audit.reliability).items()},
        "suggestions": [asdict(suggestion) for suggestion in audit.suggestions],
        "corrections": {name: asdict(correction) for name, correction in audit.corrections.items()},
    }
    return json.dumps(_plain(content), indent=2, allow_nan=False) + "\n"


def suspects_csv(audit: Audit) -> str:
    """One line a suspect, the most doubted first."""
    table = io.StringIO()
    writer = csv.DictWriter(table, [field.name for field in fields(Suspect)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(suspect) for suspect in audit.suspects)
    return table.getvalue()


def _parts(audit: Audit) -> dict[str, Any] | None:
    parts = audit.parts
    if parts is None:
        return None
    intervals = {name: getattr(parts, name)._asdict() for name in ("total", "refinement", "bias", "temperature")}
    return {
        **intervals,
        "fitted_temperature": parts.fitted.temperature,
        "fitted_bias": parts.fitted.bias,
        "fitted_temperature_alone": parts.fitted_temperature,
    }


def _prior(audit: Audit) -> dict[str, Any] | None:
    prior = audit.prior
    if prior is None:
        return None
    return {
        "tau": prior.tau._asdict(),
        "log_prior": prior.log_prior,
        "bias": prior.bias,
        "as_given": asdict(prior.as_given),
        "adjusted": asdict(prior.adjusted),
    }


def _plain(value: Any) -> Any:
    """With nan as None and infinity as text, neither of which JSON has, and tensors as lists."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Tensor):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value
