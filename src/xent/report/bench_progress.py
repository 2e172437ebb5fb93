"""The display while a benchmark runs: a line a finished case and, on a terminal, a bar that says what runs now."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.text import Text

from xent.bench import FORWARD_BACKWARD, RIVALS, XENT, Failure, Measurement, Progress
from xent.report import bench_numbers as numbers


@contextmanager
def progress_display(console: Console, total: int) -> Iterator[Callable[[Progress], None]]:
    """What to call on progress, for as long as the context lasts."""
    if not console.is_terminal:
        yield lambda progress: _line(console, progress)
        return
    columns = (TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=total)

        def show(progress: Progress) -> None:
            bar.update(task, completed=progress.finished, description=_description(progress), refresh=True)
            _line(console, progress)

        yield show


def _description(progress: Progress) -> str:
    if progress.outcome is not None:
        return f"{progress.case.name}, {progress.memory}"
    return f"{progress.case.name}, {progress.memory}\n{progress.stage}"


def _line(console: Console, progress: Progress) -> None:
    """One for each finished case."""
    if progress.outcome is not None:
        console.print(Text(f"{progress.finished}/{progress.total} {outcome_line(progress.outcome)}"), soft_wrap=True)


def outcome_line(outcome: Measurement | Failure) -> str:
    """Such as ``ce fp32 4096x1000, mapped: xent 1.45 ms, torch/xent 4.5, compile/xent 3.7``."""
    name = f"{outcome.case.name}, {outcome.memory}"
    if isinstance(outcome, Failure):
        return f"{name}: not measured: {outcome.reason}"
    workload = FORWARD_BACKWARD.name
    found = [f"{XENT} {numbers.seconds(outcome.seconds(workload, XENT).median)}"]
    for rival in RIVALS:
        if rival in outcome.contestants():
            found.append(f"{rival}/xent {numbers.multiple(outcome.ratio(workload, rival).median)}")
    return f"{name}: {', '.join(found)}"
