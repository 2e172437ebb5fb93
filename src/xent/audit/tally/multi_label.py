"""Everything that is kept of multi-label predictions."""

from xent.audit.elements import Elements, judge_elements, sigmoid, softplus
from xent.audit.tally.sides import SideTally
from xent.audit.tally.tally import Tally
from xent.predictions import Batch, Kind


class MultiLabelTally(Tally[SideTally]):
    """What is known of multi-label rows so far; see :class:`Tally`."""

    def __init__(self, classes: int, kind: Kind, suspects: int, sample: int) -> None:
        super().__init__(SideTally(classes), classes, kind, suspects, sample)

    def add(self, batch: Batch) -> None:
        """Add some rows."""
        elements = judge_elements(batch, self.kind)
        self.unreadable.update(elements.unreadable)
        self.classes.add(elements)
        _, column = elements.counted.nonzero(as_tuple=True)
        stated = elements.probabilities()[elements.counted].double()
        self.reliability.add(column, stated, elements.positive[elements.counted])
        self.sample.add(batch.numbers, batch.scores, batch.target)
        self._add_suspects(elements)

    def _add_suspects(self, elements: Elements) -> None:
        """Elements on the wrong side; ``label`` is then the class, and ``predicted`` whether it was said to apply."""
        doubt = elements.doubt()
        row, column = (doubt > 0).nonzero(as_tuple=True)
        wrong = doubt[row, column].double()
        self.suspects.add(
            number=elements.number[row],
            label=column,
            predicted=(~elements.positive[row, column]).long(),
            doubt=wrong,
            nll=softplus(wrong),
            confidence=sigmoid(wrong),
        )
