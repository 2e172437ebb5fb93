"""What scores are: logits, probabilities or log-probabilities, by a sample from all of them.

Never batch by batch: early in training, or where a class is certain, a batch of logits may look like probabilities.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from xent.jobs import InputError
from xent.predictions.guess import Kind

KINDS: dict[str, Kind] = {
    "logits": "logits",
    "logit": "logits",
    "probabilities": "probabilities",
    "probs": "probabilities",
    "log-probabilities": "log-probabilities",
    "log_probabilities": "log-probabilities",
    "log-probs": "log-probabilities",
    "log_probs": "log-probabilities",
    "logprobs": "log-probabilities",
}

# By how much a row of probabilities may miss 1: text with few decimals, half precision. Logits do not come as close in
# row after row.
TOLERANCE = 0.02


def checked_kind(kind: str | None) -> Kind | None:
    """A kind that somebody declared.

    Raises:
        InputError: There is no such kind.
    """
    if kind is None:
        return None
    if kind not in KINDS:
        raise InputError(f"kind: {kind!r} is none of logits, probabilities, log-probabilities")
    return KINDS[kind]


@dataclass
class Evidence:
    """What the rows seen so far look like.

    Attributes:
        multi_label: Whether every class is a question of its own; else a row of probabilities sums to 1.
        rows: Rows seen that are finite.
        within: Rows that lie in [0, 1].
        sums: Rows that lie in [0, 1] and sum to 1.
        below: Rows that are nowhere above 0.
        log_sums: Rows that are nowhere above 0 and whose exponentials sum to 1.
        smallest: The smallest value.
        largest: The largest value.
    """

    multi_label: bool
    rows: int = 0
    within: int = 0
    sums: int = 0
    below: int = 0
    log_sums: int = 0
    smallest: float = field(default=float("inf"))
    largest: float = field(default=-float("inf"))

    def add(self, scores: Tensor) -> None:
        """Look at some rows, (n, C)."""
        rows = scores.double()
        rows = rows[~(rows.isnan() | rows.isposinf()).any(dim=1)]
        if not rows.numel():
            return
        within = ((rows >= 0) & (rows <= 1 + 1e-6)).all(dim=1)
        below = (rows <= 1e-6).all(dim=1)
        self.rows += len(rows)
        self.within += int(within.sum())
        self.sums += int((within & ((rows.sum(dim=1) - 1).abs() <= TOLERANCE)).sum())
        self.below += int(below.sum())
        self.log_sums += int((below & (rows.logsumexp(dim=1).abs() <= TOLERANCE)).sum())
        self.smallest = min(self.smallest, float(rows.min()))
        self.largest = max(self.largest, float(rows.max()))

    def verdict(self, name: str) -> Kind:
        """The kind that the rows are of.

        Args:
            name: What to call the scores.

        Raises:
            InputError: They could be of more than one kind.
        """
        if not self.rows or self.smallest == self.largest == 0:
            return "logits"
        return self._independent(name) if self.multi_label else self._exclusive(name)

    def _independent(self, name: str) -> Kind:
        if self.within == self.rows:
            return "probabilities"
        if self.below == self.rows:
            raise self._ambiguous(name, f"all lie in {self._range()}: logits of rare labels, or log-probabilities")
        return "logits"

    def _exclusive(self, name: str) -> Kind:
        if self.sums == self.rows:
            return "probabilities"
        if self.log_sums == self.rows:
            return "log-probabilities"
        if self.within == self.rows:
            raise self._ambiguous(
                name, f"all lie in {self._range()}, but rows do not sum to 1: logits or probabilities"
            )
        part = max(self.sums, self.log_sums) / self.rows
        # Of two logits one row in a hundred may look like probabilities by chance.
        if part > 0.1:
            what = "probabilities" if self.sums >= self.log_sums else "log-probabilities"
            raise self._ambiguous(name, f"look like {what} in {part:.0%} of the rows, and like logits in the others")
        return "logits"

    def _range(self) -> str:
        return f"[{self.smallest:.3g}, {self.largest:.3g}]"

    def _ambiguous(self, name: str, why: str) -> InputError:
        return InputError(
            f"kind: the scores {name!r} {why}. Say which they are: logits, probabilities or log-probabilities"
        )


def spread_rows(scores: Tensor, most: int) -> Tensor:
    """At most ``most`` rows, evenly from all."""
    if len(scores) <= most:
        return scores
    return scores[torch.linspace(0, len(scores) - 1, most).long()]
