"""What ``xent compare`` does: run the comparison, show it, write its results."""

import shlex
import sys
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.text import Text

from xent.compare import (
    CANDIDATES,
    InputError,
    Progress,
    Recipe,
    Results,
    Settings,
    compare,
    write_results,
)
from xent.report.plot import write_recall_plot
from xent.report.progress import progress_display
from xent.report.terminal import print_results

FINISHED, BAD_INPUT, INTERRUPTED = 0, 2, 130


def run(losses: str, *, seeds: int, epochs: int, imbalance: float, out: Path) -> int:
    """Run the comparison and return the exit status."""
    # Progress and errors go to stderr, so that the tables can be piped.
    screen, messages = Console(), Console(stderr=True)
    finished: list[Progress] = []
    start = perf_counter()
    try:
        settings = Settings(_names(losses), seeds, imbalance, Recipe(epochs=epochs))
        with progress_display(messages, settings) as show:

            def on_run(progress: Progress) -> None:
                finished.append(progress)
                show(progress)

            results = Results(compare(settings, out, on_run))
        write_results(settings, results, out)
        write_recall_plot(results, out)
    except InputError as error:
        _print(messages, f"xent compare: {error}")
        return BAD_INPUT
    except KeyboardInterrupt:
        _print(messages, _interrupted(finished, out))
        return INTERRUPTED
    print_results(screen, results)
    _print(screen, _done(finished, out, perf_counter() - start))
    return FINISHED


def _names(losses: str) -> tuple[str, ...]:
    if losses == "all":
        return tuple(CANDIDATES)
    return tuple(name.strip() for name in losses.split(","))


def _interrupted(finished: list[Progress], out: Path) -> str:
    total = finished[0].total if finished else "the"
    return (
        f"Interrupted. {len(finished)} of {total} runs are finished and kept in {out}. To go on from there:\n"
        f"    xent {shlex.join(sys.argv[1:])}"
    )


def _done(finished: list[Progress], out: Path, seconds: float) -> str:
    taken_up = sum(progress.taken_up for progress in finished)
    before = f", {taken_up} of them taken up from before" if taken_up else ""
    return (
        f"\n{len(finished)} runs{before}, in {seconds:.0f} s. Results in {out}:\n"
        "    results.json  everything found, with settings and versions\n"
        "    results.csv   one row a run\n"
        "    recall.png    recall from head to tail, by loss (also recall.svg)\n"
        "    runs/         the predictions of every run: logits, labels, training counts"
    )


def _print(console: Console, message: str) -> None:
    # Whole lines, however long: a path or a command that is wrapped cannot be copied.
    console.print(Text(message), soft_wrap=True)
