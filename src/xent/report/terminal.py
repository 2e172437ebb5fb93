"""The findings of a comparison on the terminal: tables, what they mean, and the code to copy."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from xent.compare import CANDIDATES, Results, Task, is_even
from xent.compare.metrics import CALIBRATION_BINS, group_size
from xent.report import numbers
from xent.report.tables import results_table, winners_table

FOUND: dict[Task, tuple[str, ...]] = {
    "single-label": (
        "accuracy",
        "accuracy_at_training_prior",
        "balanced_accuracy",
        "recall_head",
        "recall_middle",
        "recall_tail",
    ),
    "multi-label": ("mean_average_precision", "f1_macro", "f1_macro_tuned", "f1_micro"),
}
PROBABILITIES_AND_COST = ("nll", "calibration_error", "seconds_per_step")
# So long a name leaves room for six measures in 80 columns.
SHORT_NAME = 19
# Of more classes than this not every count is shown.
MOST_COUNTS = 30


def print_results(console: Console, results: Results, conditions: str) -> None:
    """Print everything that a comparison found.

    Args:
        console: Where to.
        results: What was found.
        conditions: On which data, and with which model and recipe, in a sentence or two.
    """
    main = results.winners[results.main.key]
    first_of_tie = ", the first of those that tie" if main.tied else ""
    for block in (
        *_found_tables(results),
        results_table("How good the probabilities are, and what a step costs", results, PROBABILITIES_AND_COST),
        Text(f"{conditions} {legend(results)}", style="dim"),
        winners_table(results),
        Text("\n".join(findings(results))),
        Text(f"For the best {main.measure.title}, {main.loss}{first_of_tie}:", style="bold"),
    ):
        console.print(block)
        console.print()
    for line in CANDIDATES[main.loss].code.splitlines():
        # Not wrapped, so that it can be copied.
        console.print(Text(f"    {line}", style="cyan"), soft_wrap=True)


def legend(results: Results) -> str:
    """How to read the tables."""
    run = results.runs[0]
    seeds = "one seed" if results.seeds == 1 else f"mean ± standard deviation over {results.seeds} seeds"
    rows = numbers.counted(len(run.target), "test row")
    specific = _single_label_legend if results.task == "single-label" else _multi_label_legend
    return (
        f"Every number: {seeds}, on {rows}{specific(results)} Calibration error: ECE, {CALIBRATION_BINS} "
        "bins of equal width. Time per step: median of the training on one thread. Of NLL, "
        "calibration error and time, less is better."
    )


def findings(results: Results) -> Iterator[str]:
    """What the winners come to, in sentences."""
    yield _who_leads(results)
    if results.seeds == 1:
        yield "One seed has no spread and no interval: nothing here is told apart from chance."
        return
    level = [
        winner.measure.title
        for winner in results.winners.values()
        if winner.against_baseline is not None and not winner.against_baseline.told_apart
    ]
    if level:
        yield f"The interval includes 0, so that the lead over {results.baseline} may be chance: {', '.join(level)}."
    main = results.winners[results.main.key]
    if others := [loss for loss in main.not_told_apart if loss not in main.tied]:
        yield f"Not told apart from {main.loss} on {main.measure.title}: {', '.join(others)}."
    if results.task == "multi-label":
        yield from _threshold_shifts(results)


def _found_tables(results: Results) -> Iterator[Table]:
    """One table, or two where the names of the losses leave no room for all measures."""
    title, measures = "Which classes are found", FOUND[results.task]
    if max(map(len, results.losses)) <= SHORT_NAME or len(measures) <= 4:
        yield results_table(title, results, measures)
        return
    half = len(measures) // 2
    yield results_table(title, results, measures[:half])
    yield results_table(f"{title}, by frequency", results, measures[half:])


def _single_label_legend(results: Results) -> str:
    run = results.runs[0]
    classes, rows = len(run.counts), np.bincount(run.target, minlength=len(run.counts))
    balance = "with the classes in balance" if is_even(rows) else "with the classes as they come"
    group = group_size(classes)
    groups = (
        "Head and tail are the three most frequent and the three rarest classes."
        if group == 3
        else f"Head and tail are a third of the {classes} classes each, at least one: here {group}."
    )
    absent = int((rows == 0).sum())
    without = f" Classes without test rows, which have no part in mean recalls: {absent}." if absent else ""
    return (
        f" {balance}. The best mean is highlighted. Training rows of the classes, head to tail: {_counts(run.counts)}. "
        f"{groups}{without} Accuracy at prior: the accuracy if the classes came as often as in training."
    )


def _multi_label_legend(results: Results) -> str:
    run = results.runs[0]
    return (
        f". The best mean is highlighted. Of {run.training_rows} training rows the classes have, head to tail: "
        f"{_counts(run.counts)}. mAP: mean average precision of the classes, which no threshold enters. F1 is taken at "
        "probability .5, or tuned: at the threshold of each class that is best on the training rows."
    )


def _counts(counts: np.ndarray) -> str:
    ordered = sorted(counts.tolist(), reverse=True)
    if len(ordered) <= MOST_COUNTS:
        return " ".join(map(str, ordered))
    return f"{ordered[0]} to {ordered[-1]}, half of them above {int(np.median(ordered))}"


def _who_leads(results: Results) -> str:
    measures_of = defaultdict(list)
    for winner in results.winners.values():
        measures_of[results.leaders(winner.measure.key)].append(winner.measure.title)
    if len(measures_of) == 1:
        (leaders,) = measures_of
        if len(leaders) == 1:
            return f"{leaders[0]} has the best mean on every measure."
        if leaders == results.losses:
            return "All losses tie on every measure."
    leads = "; ".join(_lead(leaders, measures, results) for leaders, measures in measures_of.items())
    unbeaten = [loss for loss in results.losses if all(loss in leaders for leaders in measures_of)]
    return f"No loss is ahead of {unbeaten[0]} anywhere: {leads}." if unbeaten else f"No loss wins everywhere: {leads}."


def _lead(leaders: tuple[str, ...], measures: list[str], results: Results) -> str:
    *others, last = leaders
    if not others:
        return f"{last} leads on {', '.join(measures)}"
    who = "all losses" if leaders == results.losses else f"{', '.join(others)} and {last}"
    return f"{who} tie on {', '.join(measures)}"


def _threshold_shifts(results: Results) -> Iterator[str]:
    """The losses whose F1 at .5 differs from the plain loss's, while they rank the rows no better."""
    at_half, tuned = results.measures["f1_macro"], results.measures["f1_macro_tuned"]
    shifts = []
    for loss in results.losses:
        moved = results.difference(loss, results.baseline, at_half.key)
        ranked = results.difference(loss, results.baseline, results.main.key)
        if moved.told_apart and not (ranked.told_apart and ranked.mean > 0):
            shifts.append(
                f"{loss} ({at_half.title} {numbers.difference(at_half, moved)}, {results.main.title} "
                f"{numbers.difference(results.main, ranked)})"
            )
    if shifts:
        plain = (numbers.spread(one, results.spread(results.baseline, one.key)) for one in (at_half, tuned))
        yield (
            f"Only a shift of the threshold, for the rows are ranked no better: {', '.join(shifts)}. Moving the "
            f"thresholds of plain {results.baseline} instead takes its macro F1 from {' to '.join(plain)}."
        )
