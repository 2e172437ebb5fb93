"""What the linter says of predictions, by a sample of their rows."""

from collections.abc import Callable, Iterable

from xent.audit.stream import Progress, sample_size
from xent.audit.tally.sample import Drawn, SampleTally
from xent.linter import Call, Findings, Rule, judge
from xent.predictions import Predictions


def lint_predictions(
    predictions: Predictions, rules: Iterable[Rule], on_progress: Callable[[Progress], None] | None = None
) -> Findings:
    """Read predictions once, and judge a sample of their rows.

    Args:
        predictions: To be read once.
        rules: Which to ask.
        on_progress: Called now and then with the rows so far.
    """
    sample = SampleTally(sample_size(predictions))
    rows = 0
    for batch in predictions.batches():
        sample.add(batch.numbers, batch.scores, batch.target)
        rows += len(batch)
        if on_progress is not None:
            on_progress(Progress(rows, predictions.rows))
    return misuse(predictions, sample.rows(), rules)


def misuse(predictions: Predictions, drawn: Drawn, rules: Iterable[Rule]) -> Findings:
    """What the rules find in sampled rows."""
    call = Call(
        loss="predictions",
        name="predictions",
        input=drawn.scores,
        target=drawn.target,
        kind=predictions.kind,
        dim=1,
        counts=predictions.counts,
    )
    return judge(call, rules)
