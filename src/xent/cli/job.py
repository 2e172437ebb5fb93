"""What ``xent compare`` does: run the comparison, show it, write its results."""

import shlex
import sys
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.text import Text

from xent.compare import (
    RENAMED,
    Comparison,
    InputError,
    Progress,
    Results,
    Settings,
    Source,
    Task,
    compare,
    write_results,
)
from xent.report.numbers import counted
from xent.report.page.compare import write_page
from xent.report.plot import plot_name, write_plot
from xent.report.progress import progress_display
from xent.report.terminal import print_results

FINISHED, BAD_INPUT, INTERRUPTED = 0, 2, 130


def run(
    data: str,
    *,
    target: str,
    test: Path | None,
    drop: str,
    model: str,
    losses: str,
    seeds: int,
    epochs: int | None,
    imbalance: float | None,
    out: Path,
) -> int:
    """Run the comparison and return the exit status."""
    # Progress and errors go to stderr, so that the tables can be piped.
    screen, messages = Console(), Console(stderr=True)
    finished: list[Progress] = []
    start = perf_counter()
    try:
        _find_modules_here()
        comparison = Comparison(
            Settings(
                losses=_names(losses) or None,
                seeds=seeds,
                imbalance=imbalance,
                epochs=epochs,
                source=Source(data, _names(target), test, _names(drop)),
                model=model,
            )
        )
        for name in _names(losses):
            if name in RENAMED:
                _print(messages, f"{name} is now called {RENAMED[name]}")
        with progress_display(messages, comparison) as show:

            def on_run(progress: Progress) -> None:
                finished.append(progress)
                show(progress)

            results = Results(compare(comparison, out, on_run))
        write_results(comparison, results, out)
        write_plot(results, out)
        write_page(comparison, results, out)
    except InputError as error:
        _print(messages, f"xent compare: {error}")
        return BAD_INPUT
    except KeyboardInterrupt:
        _print(messages, _interrupted(finished, out))
        return INTERRUPTED
    print_results(screen, results, str(comparison))
    _print(screen, _done(finished, out, results.task, perf_counter() - start))
    return FINISHED


def _find_modules_here() -> None:
    """Let the factory of a model be found in the current directory, as ``python -m`` finds it."""
    if "" not in sys.path:
        sys.path.append("")


def _names(given: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in given.split(",")) if given else ()


def _interrupted(finished: list[Progress], out: Path) -> str:
    total = finished[0].total if finished else "the"
    return (
        f"Interrupted. {len(finished)} of {total} runs are finished and kept in {out}. To go on from there:\n"
        f"    xent {shlex.join(sys.argv[1:])}"
    )


def _done(finished: list[Progress], out: Path, task: Task, seconds: float) -> str:
    taken_up = sum(progress.taken_up for progress in finished)
    before = f", {taken_up} of them taken up from before" if taken_up else ""
    plot = plot_name(task)
    files = {
        "report.html": "everything found, to look at: open it in a browser",
        "results.json": "everything found, with settings and versions",
        "results.csv": "one row a run",
        f"{plot}.png": f"{plot.replace('_', ' ')} from head to tail, by loss (also {plot}.svg)",
        "runs/": "the predictions of every run: logits, target, training counts, shares of loss and gradient",
    }
    width = max(map(len, files))
    listed = "".join(f"\n    {name:<{width}}  {meaning}" for name, meaning in files.items())
    return f"\n{counted(len(finished), 'run')}{before}, in {seconds:.0f} s. Results in {out}:{listed}"


def _print(console: Console, message: str) -> None:
    # Whole lines, however long: a path or a command that is wrapped cannot be copied.
    console.print(Text(message), soft_wrap=True)
