"""The display while a comparison runs: a bar and running means or, where no terminal watches, a line a seed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from xent.compare import Comparison, Progress, Results, Run, Task
from xent.report.numbers import counted
from xent.report.tables import results_table

RUNNING_MEANS: dict[Task, tuple[str, ...]] = {
    "single-label": ("balanced_accuracy", "recall_head", "recall_middle", "recall_tail"),
    "multi-label": ("mean_average_precision", "f1_macro", "f1_macro_tuned", "f1_micro"),
}


@contextmanager
def progress_display(console: Console, comparison: Comparison) -> Iterator[Callable[[Progress], None]]:
    """What to call after each run, for as long as the context lasts."""
    if not console.is_terminal:
        yield lambda progress: _line_after_each_seed(console, comparison, progress)
        return
    bar = Bar(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    task = bar.add_task("starting", total=comparison.total)
    runs: list[Run] = []
    # Transient: the finished tables take its place.
    with Live(bar, console=console, transient=True) as live:

        def show(progress: Progress) -> None:
            runs.append(progress.run)
            bar.update(task, completed=progress.finished, description=_description(comparison, progress))
            live.update(Group(results_table("So far", Results(runs), RUNNING_MEANS[comparison.task]), "", bar))

        yield show


def _description(comparison: Comparison, progress: Progress) -> str:
    what = "taken up" if progress.taken_up else "trained"
    return f"seed {progress.run.seed + 1} of {comparison.seeds}: {progress.run.loss} {what}"


def _line_after_each_seed(console: Console, comparison: Comparison, progress: Progress) -> None:
    if progress.run.loss == comparison.candidates[-1].name:
        console.print(
            f"seed {progress.run.seed + 1} of {comparison.seeds}: {counted(progress.finished, 'run')} finished"
        )
