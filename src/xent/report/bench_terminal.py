"""The findings of a benchmark on the terminal: tables, how to read them, and what they come to."""

from collections.abc import Iterator, Sequence
from statistics import median

from rich.console import Console
from rich.text import Text

from xent.bench import RIVALS, WORKLOADS, Failure, Measurement, Workload
from xent.report import bench_numbers as numbers
from xent.report.bench_tables import memory_table, times_table


def print_outcomes(console: Console, outcomes: Sequence[Measurement | Failure]) -> None:
    """Print everything that a benchmark found."""
    measured = [outcome for outcome in outcomes if isinstance(outcome, Measurement)]
    for mode in dict.fromkeys(measurement.memory for measurement in measured):
        _print_mode(console, [measurement for measurement in measured if measurement.memory == mode])
    if measured:
        console.print(Text(legend(measured[0]), style="dim"))
        console.print()
        for line in machine(measured[0]):
            console.print(Text(line, style="dim"), soft_wrap=True)
    for line in wrong_results(measured):
        console.print(Text(line, style="yellow"), soft_wrap=True)
    for failure in outcomes:
        if isinstance(failure, Failure):
            console.print(Text(f"Not measured: {failure.case.name}, {failure.memory}: {failure.reason}", style="red"))


def _print_mode(console: Console, measurements: Sequence[Measurement]) -> None:
    for workload in WORKLOADS.values():
        console.print(times_table(workload, measurements))
        for line in summary(workload, measurements):
            console.print(Text(line), soft_wrap=True)
        console.print()
    console.print(memory_table(measurements))
    console.print()


def summary(workload: Workload, measurements: Sequence[Measurement]) -> Iterator[str]:
    """A sentence for each rival: in how many cases xent is faster, and by how much."""
    for rival in RIVALS:
        if rival not in measurements[0].contestants():
            continue
        ratios = [measurement.ratio(workload.name, rival) for measurement in measurements]
        medians = [ratio.median for ratio in ratios]
        yield (
            f"{rival}/xent {_range(medians)}: xent faster in {sum(ratio.low > 1 for ratio in ratios)}, "
            f"slower in {sum(ratio.high < 1 for ratio in ratios)} of {len(ratios)}"
        )


def wrong_results(measurements: Sequence[Measurement]) -> Iterator[str]:
    """Rivals whose times are of a wrong result, a line each."""
    for measurement in measurements:
        for name in measurement.wrong():
            errors = (f"{what} {_error(measurement.differences[name][what])}" for what in ("loss", "gradient"))
            yield f"Wrong result of {name}, {measurement.case.name}, {measurement.memory}: {', '.join(errors)}"


def legend(measurement: Measurement) -> str:
    """How to read the tables."""
    return (
        "xent: median time of a call. The others: their time over xent's, the median over the rounds and, in "
        "parentheses, its quartiles; above 1 xent is faster (green if the lower quartile is), below 1 slower (red). "
        "compile: torch's loss by torch.compile(fullgraph=True). read and copy: one read of the logits, and one "
        f"copy_ of them. All take turns in one process, {measurement.machine['threads']} threads."
    )


def machine(measurement: Measurement) -> Iterator[str]:
    """What it was measured on, a line each."""
    for name, value in measurement.machine.items():
        yield f"{name}: {value}"


def _error(value: float | bool | None) -> str:
    return "not finite" if value is None else f"off by {value:.1%}"


def _range(medians: Sequence[float]) -> str:
    if len(medians) == 1:
        return numbers.multiple(medians[0])
    low, middle, high = min(medians), median(medians), max(medians)
    return f"{numbers.multiple(low)} to {numbers.multiple(high)}, median {numbers.multiple(middle)}"
