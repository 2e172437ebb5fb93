"""The findings as a table: every loss by every measure, the best marked, and who cannot be told apart from it."""

from dataclasses import dataclass
from typing import Literal

from xent.compare import Measure, Results
from xent.compare.comparison import Comparison
from xent.report import numbers
from xent.report.page.compare.looks import Look


@dataclass(frozen=True)
class Cell:
    """Mean and deviation of a measure; ``hint`` is what the pointer shows."""

    text: str
    mark: Literal["best", "level", ""]
    hint: str
    order: float


@dataclass(frozen=True)
class Row:
    """One loss by all measures."""

    look: Look
    title: str
    source: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Win:
    """The best loss of one measure, in words and numbers."""

    measure: str
    look: Look
    value: str
    over_baseline: str
    better: str
    not_told_apart: tuple[Look, ...]


def rows(comparison: Comparison, results: Results, looks: dict[str, Look]) -> list[Row]:
    """The table, a row a loss."""
    candidates = {candidate.name: candidate for candidate in comparison.candidates}
    return [
        Row(
            look=looks[loss],
            title=candidates[loss].title,
            source=candidates[loss].source,
            cells=tuple(_cell(results, loss, measure) for measure in results.measures.values()),
        )
        for loss in results.losses
    ]


def wins(results: Results, looks: dict[str, Look]) -> list[Win]:
    """Who wins on what, a row a measure."""
    return [_win(results, looks, key) for key in results.winners]


def _cell(results: Results, loss: str, measure: Measure) -> Cell:
    spread = results.spread(loss, measure.key)
    return Cell(
        text=numbers.spread(measure, spread),
        mark=_mark(results, loss, measure.key),
        hint=_hint(results, loss, measure),
        order=spread.mean,
    )


def _mark(results: Results, loss: str, key: str) -> Literal["best", "level", ""]:
    winner = results.winners.get(key)
    if winner is None:
        return ""
    if winner.loss == loss:
        return "best"
    return "level" if loss in winner.not_told_apart else ""


def _hint(results: Results, loss: str, measure: Measure) -> str:
    name = f"{loss}, {measure.title}: {measure.meaning}."
    if loss == results.baseline:
        return name
    return f"{name} Over {results.baseline}: {_over_baseline(results, loss, measure)}"


def _over_baseline(results: Results, loss: str, measure: Measure) -> str:
    difference = results.difference(loss, results.baseline, measure.key)
    text = numbers.difference(measure, difference)
    if difference.low is None:
        return text
    return f"{text} ({numbers.interval(measure, difference)})"


def _win(results: Results, looks: dict[str, Look], key: str) -> Win:
    winner = results.winners[key]
    against = winner.against_baseline
    return Win(
        measure=f"{winner.measure.title}, {numbers.unit(winner.measure)}",
        look=looks[winner.loss],
        value=numbers.spread(winner.measure, winner.spread),
        over_baseline="" if against is None else _over_baseline(results, winner.loss, winner.measure),
        better="" if against is None else f"{against.better} of {against.seeds} seeds",
        not_told_apart=tuple(looks[loss] for loss in winner.not_told_apart),
    )
