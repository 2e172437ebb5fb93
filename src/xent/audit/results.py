"""What an audit says of predictions."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from xent.audit.corrections import Correction
from xent.audit.fit.decomposition import Decomposition
from xent.audit.fit.prior import PriorInside
from xent.linter import Findings


@dataclass(frozen=True)
class Source:
    """What was read.

    Attributes:
        paths: The files; none for tensors.
        rows: How many rows.
        classes: What the classes are called.
        multi_label: Whether every class is a question of its own.
        kind: What the scores are.
        unreadable: Reason -> rows (multi-label: elements) that were left out for it.
        sampled: Rows in the sample that the linter and the fits look at.
        training_counts: Whether training counts are known.
    """

    paths: tuple[str, ...]
    rows: int
    classes: tuple[str, ...]
    multi_label: bool
    kind: str
    unreadable: dict[str, int]
    sampled: int
    training_counts: bool


@dataclass(frozen=True)
class Loss:
    """The cross entropy beside what would be had without a model; in nats, per row (multi-label: per element).

    Attributes:
        nll: Cross entropy; inf if a label was said to be impossible.
        nll_possible: The same without such labels.
        impossible: How many there are.
        label_entropy: H(Y): what the frequency of the judged labels alone gives.
        training_prior: What the frequency of the training labels alone gives on these; None if it is unknown or a
            class of theirs is absent from the training.
        accuracy: Share of rows (elements) that are right.
        balanced_accuracy: Mean recall of the classes (multi-label: mean over classes of the recalls of both sides).
        calibration_error: Mean gap of stated probability and frequency, over bins.
        divergence: KL(labels || predictions) of their class frequencies (multi-label: mean over classes).
    """

    nll: float
    nll_possible: float
    impossible: int
    label_entropy: float
    training_prior: float | None
    accuracy: float
    balanced_accuracy: float
    calibration_error: float
    divergence: float


@dataclass(frozen=True)
class OfClass:
    """One class. Shares are of all rows (multi-label: of all elements).

    Attributes:
        number: Its index.
        name: What it is called.
        training_rows: Rows with it in training, if they are known.
        rows: Judged rows with it.
        recall: Share of them that are found; nan without rows.
        precision: Share of the rows predicted so that are of it; nan without such rows.
        nll: Mean cross entropy of its rows, in nats; nan without rows.
        loss_share: Its rows' part of the loss.
        gradient_share: Its rows' part of the gradient, of which 1 - p is the size.
        label_share: How frequent it is.
        predicted_share: How frequent the predicted probabilities say it is.
        bias: What its logit lacks, in nats, by a fit; None if there was none.
    """

    number: int
    name: str
    training_rows: float | None
    rows: int
    recall: float
    precision: float
    nll: float
    loss_share: float
    gradient_share: float
    label_share: float
    predicted_share: float
    bias: float | None


@dataclass(frozen=True, eq=False)
class Reliability:
    """Predictions by stated probability: of the predicted class (multi-label: of every class).

    Attributes:
        rows: In bins of equal width, int64 of shape (C, bins), by predicted class.
        true: How many of them came true.
        stated: Sum of their stated probabilities.
    """

    rows: Tensor
    true: Tensor
    stated: Tensor

    def error(self) -> float:
        """Mean gap of stated probability and frequency, over the bins of all classes together."""
        gap = self.true.sum(0) - self.stated.sum(0)
        return float(gap.abs().sum() / self.rows.sum())


@dataclass(frozen=True)
class Suggestion:
    """What to do about it.

    Attributes:
        title: In words.
        reason: What it rests on, with the numbers.
        code: That does it.
    """

    title: str
    reason: str
    code: str


@dataclass(frozen=True)
class Suspect:
    """A label that the model doubts.

    Attributes:
        row: Number of the row, over all files, from 0.
        label: The class that it says; of multi-label rows, the class whose indicator is doubted.
        predicted: The class that the model prefers; of multi-label rows "yes" or "no".
        probability: Of what the model prefers.
        log_odds: By how many nats it prefers it.
        nll: Cross entropy of the label, in nats.
        likely: Whether the model is at least as sure as it usually is of rows that have that class as their label.
    """

    row: int
    label: str
    predicted: str
    probability: float
    log_odds: float
    nll: float
    likely: bool


@dataclass(frozen=True, eq=False)
class Audit:
    """Everything that an audit says.

    Attributes:
        source: What was read.
        findings: Of the linter.
        loss: Cross entropy and what to compare it with.
        parts: Cross entropy taken apart; None if there are too few rows to fit anything.
        prior: Whether the training prior is inside; None if the counts are unknown, too even, or multi-label.
        classes: By index.
        reliability: Stated probabilities and what came true.
        suggestions: What to do.
        corrections: Weights and offsets that correct for the training counts, by setting.
        suspects: The labels that the model doubts most.
    """

    source: Source
    findings: Findings
    loss: Loss
    parts: Decomposition | None
    prior: PriorInside | None
    classes: tuple[OfClass, ...]
    reliability: Reliability = field(repr=False)
    suggestions: tuple[Suggestion, ...]
    corrections: Mapping[str, Correction] = field(repr=False)
    suspects: tuple[Suspect, ...] = field(repr=False)

    def head_to_tail(self) -> tuple[OfClass, ...]:
        """The classes by falling count: in training, or where that is unknown, among the judged rows."""

        def count(one: OfClass) -> float:
            return one.rows if one.training_rows is None else one.training_rows

        return tuple(sorted(self.classes, key=count, reverse=True))


def bits(nats: float) -> float:
    """Nats as bits."""
    return nats / math.log(2)
