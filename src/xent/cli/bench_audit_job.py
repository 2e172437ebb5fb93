"""What ``xent bench --audit`` does: time the audit of predictions, and show it. It needs what an audit needs."""

from pathlib import Path

from rich.console import Console
from rich.text import Text

from xent.audit import open_predictions
from xent.audit.job import SUSPECTS
from xent.audit.stream import tally
from xent.bench.audit import audits, missing
from xent.report.bench_audit import NOTE, audits_table

FINISHED = 0


def print_audits() -> int:
    """Time the reading of predictions, print how fast it is, and return the exit status."""
    screen, messages = Console(), Console(stderr=True)
    if lacking := missing():
        requirements = " ".join(f'"{requirement}"' for requirement in lacking)
        messages.print(Text(f"xent is measured alone. For the rivals: pip install {requirements}"), soft_wrap=True)
    screen.print(audits_table(list(audits(_audit))))
    screen.print(Text(NOTE, style="dim"))
    return FINISHED


def _audit(logits: Path, labels: Path) -> None:
    tally(open_predictions(logits, labels=labels, kind="logits"), suspects=SUSPECTS)
