"""What ``xent bench`` does: measure, show it, write its results."""

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.text import Text

from xent.bench import (
    Failure,
    InputError,
    Measurement,
    Progress,
    Settings,
    bench,
    choose,
    costs,
    keep_mapped,
    make_directory,
    results_csv,
    results_json,
    write_atomically,
)
from xent.report.bench_catalogue import costs_table, verdict
from xent.report.bench_plot import write_ratio_plots
from xent.report.bench_progress import progress_display
from xent.report.bench_terminal import print_outcomes

CATALOGUE_TITLE = "Forward and backward of the named losses, fp32, 4096 rows of 1000 classes"

FINISHED, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def run(
    cases: str, *, rivals: str, memory: str, rounds: int | None, threads: int | None, quick: bool, out: Path
) -> int:
    """Run the benchmark and return the exit status."""
    # Progress and errors go to stderr, so that the tables can be piped.
    screen, messages = Console(), Console(stderr=True)
    outcomes: list[Measurement | Failure] = []
    start = perf_counter()
    try:
        settings = Settings(cases, _names(rivals), memory, rounds, threads, quick)
        make_directory(out)
        total = len(settings.chosen) * len(settings.modes)
        interrupted = _measure(settings, total, outcomes, messages)
        if outcomes:
            _write(settings, outcomes, out)
    except InputError as error:
        _print(messages, f"xent bench: {error}")
        return BAD_INPUT
    print_outcomes(screen, outcomes)
    if interrupted:
        kept = f", and kept in {out}" if outcomes else ""
        _print(messages, f"Interrupted. {len(outcomes)} of {total} cases are measured{kept}.")
        return INTERRUPTED
    _print(screen, _done(outcomes, out, perf_counter() - start))
    return FAILED if any(isinstance(outcome, Failure) for outcome in outcomes) else FINISHED


def print_cases(cases: str, *, quick: bool) -> int:
    """Print the names of the cases, one a line, and return the exit status."""
    try:
        for case in choose(cases, quick):
            _print(Console(), case.name)
    except InputError as error:
        _print(Console(stderr=True), f"xent bench: {error}")
        return BAD_INPUT
    return FINISHED


def print_costs() -> int:
    """Time the named losses against plain xent, print what each costs, and return the exit status."""
    keep_mapped()
    screen, found = Console(), list(costs())
    screen.print(Text(CATALOGUE_TITLE, style="bold"), costs_table(found), sep="\n")
    _print(screen, verdict(found))
    return FINISHED


def _measure(settings: Settings, total: int, outcomes: list[Measurement | Failure], messages: Console) -> bool:
    """Measure into ``outcomes``; return whether it was interrupted."""
    try:
        with progress_display(messages, total) as show:

            def on_progress(progress: Progress) -> None:
                if progress.outcome is not None:
                    outcomes.append(progress.outcome)
                show(progress)

            bench(settings, on_progress)
    except KeyboardInterrupt:
        return True
    return False


def _write(settings: Settings, outcomes: Sequence[Measurement | Failure], out: Path) -> None:
    write_atomically(out / "results.json", results_json(settings, outcomes).encode())
    write_atomically(out / "results.csv", results_csv(outcomes).encode())
    write_ratio_plots([outcome for outcome in outcomes if isinstance(outcome, Measurement)], out)


def _names(rivals: str) -> tuple[str, ...]:
    if rivals == "none":
        return ()
    return tuple(name.strip() for name in rivals.split(","))


def _done(outcomes: Sequence[Measurement | Failure], out: Path, seconds: float) -> str:
    failed = sum(isinstance(outcome, Failure) for outcome in outcomes)
    failures = f", {failed} of them failed" if failed else ""
    return (
        f"\n{len(outcomes)} cases{failures}, in {seconds:.0f} s. Results in {out}:\n"
        "    results.json   times, ratios, memory and page faults, with settings and machine\n"
        "    results.csv    the time of everyone in every round\n"
        "    ratios-*.png   times as multiples of xent's, by case (also .svg)"
    )


def _print(console: Console, message: str) -> None:
    # Whole lines, however long: a path that is wrapped cannot be copied.
    console.print(Text(message), soft_wrap=True)
