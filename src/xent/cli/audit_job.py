"""What ``xent audit`` does: open the predictions, audit them, show and write what was found."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.text import Text

from xent.audit import Audit, audit
from xent.audit.export import write_audit
from xent.cli.predictions import names, open_given
from xent.jobs import check_writable, make_directory
from xent.report.audit_terminal import print_audit
from xent.report.page.audit import write_audit_page
from xent.report.reading import reading_display

CLEAN, FOUND, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def run(
    paths: Sequence[Path],
    *,
    scores: str,
    target: str,
    labels: Sequence[Path] | None,
    kind: str,
    counts: str,
    suspects: int,
    processes: int | None,
    select: str,
    ignore: str,
    out: Path,
) -> int:
    """Run the audit and return the exit status."""
    # Progress and errors go to stderr, so that the tables can be piped.
    screen, messages = Console(), Console(stderr=True)
    start = perf_counter()
    try:
        check_writable(out)
        predictions = open_given(paths, scores=scores, target=target, labels=labels, kind=kind, counts=counts)
        with reading_display(messages, predictions.rows) as show:
            found = audit(
                predictions,
                suspects=suspects,
                processes=processes,
                select=names(select),
                ignore=names(ignore),
                on_progress=show,
            )
        make_directory(out)
        write_audit(found, out)
        write_audit_page(found, out)
    except ValueError as error:
        # InputError is one, and so is an unknown code.
        _print(messages, f"xent audit: {error}")
        return BAD_INPUT
    except KeyboardInterrupt:
        _print(messages, f"Interrupted; nothing was written. Again:\n    xent {shlex.join(sys.argv[1:])}")
        return INTERRUPTED
    print_audit(screen, found)
    _print(screen, _done(found, out, perf_counter() - start))
    return FOUND if found.findings.errors else CLEAN


def _done(found: Audit, out: Path, seconds: float) -> str:
    files = {
        "report.html": "everything found, to look at: open it in a browser",
        "results.json": "everything found, for programs",
        "suspects.csv": f"the {len(found.suspects)} labels that the model doubts most",
    }
    listed = "".join(f"\n    {name:<14}{meaning}" for name, meaning in files.items())
    return f"\n{found.source.rows} rows in {seconds:.1f} s. Results in {out}:{listed}"


def _print(console: Console, message: str) -> None:
    # Whole lines, however long: a path or a command that is wrapped cannot be copied.
    console.print(Text(message), soft_wrap=True)
