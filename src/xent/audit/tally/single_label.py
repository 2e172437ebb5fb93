"""Everything that is kept of single-label predictions."""

from xent.audit.rows import judge_rows
from xent.audit.tally.classes import ClassTally
from xent.audit.tally.tally import Tally
from xent.predictions import Batch, Kind


class SingleLabelTally(Tally[ClassTally]):
    """What is known of single-label rows so far; see :class:`Tally`."""

    def __init__(self, classes: int, kind: Kind, suspects: int, sample: int) -> None:
        super().__init__(ClassTally(classes), classes, kind, suspects, sample)

    def add(self, batch: Batch) -> None:
        """Add some rows."""
        rows = judge_rows(batch, self.kind)
        self.unreadable.update(rows.unreadable)
        self.classes.add(rows)
        self.reliability.add(rows.predicted, rows.confidence, rows.predicted == rows.label)
        self.sample.add(batch.numbers, batch.scores, batch.target)
        self.suspects.add(
            number=rows.number,
            label=rows.label,
            predicted=rows.predicted,
            doubt=rows.log_odds,
            nll=rows.nll,
            confidence=rows.confidence,
        )
