"""The structs of csrc/xent.h, field by field: what a kernel takes, as numbers. The comments there say what they mean.

Fields that hold a count are int, those that hold a number are float; the module tells them apart by that.
"""

from typing import NamedTuple

EventNumbers = tuple[float, float, float, float]
LOG: EventNumbers = (0.0, 0.0, 0.0, 0.0)

NONE, MEAN, SUM = 0, 1, 2
BINARY, DIVERGENCE, DIVERGENCE_OF_LOGS = 0, 1, 2
INPUT, TARGET, NO_MEMORY = 0, 1, 2


class View(NamedTuple):
    """A tensor along three axes: those before the class axis, the class axis, those after it."""

    data: int = 0
    dtype: int = 0
    outer: int = 0
    along: int = 0
    inner: int = 0


ABSENT = View()


class SoftmaxPlan(NamedTuple):
    """XentSoftmax."""

    outer: int
    classes: int
    inner: int
    logits: View
    gradient: View = ABSENT
    rows: View = ABSENT
    result: View = ABSENT
    labels: View = ABSENT
    probabilities: View = ABSENT
    weight: View = ABSENT
    prior: View = ABSENT
    sample_weight: View = ABSENT
    mask: View = ABSENT
    scale: View = ABSENT
    offset: View = ABSENT
    label_offset: View = ABSENT
    margin: View = ABSENT
    row_gradient: View = ABSENT
    reduction: int = NONE
    ignores: int = 0
    ignore_index: int = 0
    divisor: float = 0.0
    grad_output: float = 1.0
    smoothing: float = 0.0
    z_loss: float = 0.0
    softcap: float = 0.0
    event: EventNumbers = LOG


class SigmoidPlan(NamedTuple):
    """XentSigmoid."""

    outer: int
    classes: int
    logits: View
    gradient: View = ABSENT
    rows: View = ABSENT
    result: View = ABSENT
    target: View = ABSENT
    weight: View = ABSENT
    pos_weight: View = ABSENT
    neg_weight: View = ABSENT
    prior: View = ABSENT
    sample_weight: View = ABSENT
    mask: View = ABSENT
    scale: View = ABSENT
    offset: View = ABSENT
    row_gradient: View = ABSENT
    reduction: int = NONE
    ignores: int = 0
    ignore_index: float = 0.0
    divisor: float = 0.0
    grad_output: float = 1.0
    smoothing: float = 0.0
    neg_scale: float = 1.0
    softcap: float = 0.0
    distance: float = 0.0
    positive: EventNumbers = LOG
    negative: EventNumbers = LOG


class PointwisePlan(NamedTuple):
    """XentPointwise."""

    kind: int
    outer: int
    classes: int
    input: View
    gradient: View = ABSENT
    rows: View = ABSENT
    result: View = ABSENT
    target: View = ABSENT
    weight: View = ABSENT
    sample_weight: View = ABSENT
    mask: View = ABSENT
    row_gradient: View = ABSENT
    reduction: int = NONE
    divisor: float = 0.0
    batch: float = 1.0
    grad_output: float = 1.0


class SurveyPlan(NamedTuple):
    """XentSurvey."""

    outer: int
    classes: int
    logits: View
    labels: View
    status: View
    nll: View
    predicted: View
    confidence: View
    log_odds: View
    probability: View


class Outcome(NamedTuple):
    """XentOutcome."""

    total: float
    divisor: float
    bad: int
    bad_operand: int
