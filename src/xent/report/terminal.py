"""The findings of a comparison on the terminal: tables, what they mean, and the code to copy."""

from collections import defaultdict
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from xent.compare import CANDIDATES, Results
from xent.compare.candidates import BASELINE
from xent.compare.metrics import CALIBRATION_BINS
from xent.compare.results import MAIN
from xent.report.tables import results_table, winners_table

FOUND = (
    "accuracy",
    "accuracy_at_training_prior",
    "balanced_accuracy",
    "recall_head",
    "recall_middle",
    "recall_tail",
)
PROBABILITIES_AND_COST = ("nll", "calibration_error", "seconds_per_step")


def print_results(console: Console, results: Results) -> None:
    """Print everything that a comparison found."""
    cost_title = "How good the probabilities are, and what a step costs"
    for block in (
        results_table("Which classes are found", results, FOUND),
        results_table(cost_title, results, PROBABILITIES_AND_COST),
        Text(legend(results), style="dim"),
        winners_table(results),
        Text("\n".join(findings(results))),
        Text(f"For the best {results.winners[MAIN].measure.title}, {results.winners[MAIN].loss}:", style="bold"),
    ):
        console.print(block)
        console.print()
    for line in CANDIDATES[results.winners[MAIN].loss].code.splitlines():
        # Not wrapped, so that it can be copied.
        console.print(Text(f"    {line}", style="cyan"), soft_wrap=True)


def legend(results: Results) -> str:
    """How to read the tables."""
    run = results.runs[0]
    counts = " ".join(str(count) for count in sorted(run.counts.tolist(), reverse=True))
    seeds = "one seed" if results.seeds == 1 else f"mean ± standard deviation over {results.seeds} seeds"
    return (
        f"Every number: {seeds}, on {len(run.labels)} test rows with the classes in balance. The best mean is "
        f"highlighted. Training rows of the classes, head to tail: {counts}. Head and tail are the three most "
        "frequent and the three rarest classes. Accuracy at prior: the accuracy if the classes came as often "
        f"as in training. Calibration error: ECE, {CALIBRATION_BINS} bins of equal width. Time per step: "
        "median of the training on one thread. Of NLL, calibration error and time, less is better."
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
        yield f"The interval includes 0, so that the lead over {BASELINE} may be chance: {', '.join(level)}."
    main = results.winners[MAIN]
    if main.not_told_apart:
        others = ", ".join(main.not_told_apart)
        yield f"Not told apart from {main.loss} on {main.measure.title}: {others}."


def _who_leads(results: Results) -> str:
    measures_of_loss = defaultdict(list)
    for winner in results.winners.values():
        measures_of_loss[winner.loss].append(winner.measure.title)
    if len(measures_of_loss) == 1:
        return f"{next(iter(measures_of_loss))} has the best mean on every measure."
    leads = (f"{loss} leads on {', '.join(measures)}" for loss, measures in measures_of_loss.items())
    return f"No loss wins everywhere: {'; '.join(leads)}."
