"""The display while a comparison runs: a bar and running means or, where no terminal watches, a line a seed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from xent.compare import Progress, Results, Run, Settings
from xent.report.tables import results_table

RUNNING_MEANS = ("balanced_accuracy", "recall_head", "recall_middle", "recall_tail")


@contextmanager
def progress_display(console: Console, settings: Settings) -> Iterator[Callable[[Progress], None]]:
    """What to call after each run, for as long as the context lasts."""
    if not console.is_terminal:
        yield lambda progress: _line_after_each_seed(console, settings, progress)
        return
    bar = Bar(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    task = bar.add_task("starting", total=settings.seeds * len(settings.candidates))
    runs: list[Run] = []
    # Transient: the finished tables take its place.
    with Live(bar, console=console, transient=True) as live:

        def show(progress: Progress) -> None:
            runs.append(progress.run)
            bar.update(task, completed=progress.finished, description=_description(settings, progress))
            live.update(Group(results_table("So far", Results(runs), RUNNING_MEANS), "", bar))

        yield show


def _description(settings: Settings, progress: Progress) -> str:
    what = "taken up" if progress.taken_up else "trained"
    return f"seed {progress.run.seed + 1} of {settings.seeds}: {progress.run.loss} {what}"


def _line_after_each_seed(console: Console, settings: Settings, progress: Progress) -> None:
    if progress.run.loss == settings.candidates[-1].name:
        console.print(f"seed {progress.run.seed + 1} of {settings.seeds}: {progress.finished} runs finished")
