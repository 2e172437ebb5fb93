"""What to do about what was found: only what the numbers bear out."""

from collections.abc import Iterator

from xent.audit.fit.decomposition import Decomposition
from xent.audit.fit.prior import PriorInside
from xent.audit.results import Suggestion

# From which part of the cross entropy on a temperature is worth the line that applies it.
WORTHWHILE = 0.01

# From which tau on there is something to take out.
LEAST_TAU = 0.2


def suggestions_of(parts: Decomposition | None, prior: PriorInside | None, multi_label: bool) -> Iterator[Suggestion]:
    """What pays, what pays most first."""
    inside = prior is not None and prior.tau.low > LEAST_TAU and prior.adjusted.nll < prior.as_given.nll
    if prior is not None and inside:
        yield _take_prior_out(prior)
        yield _train_balanced()
    if prior is not None and prior.tau.high < -LEAST_TAU:
        yield _put_prior_back(prior)
    if parts is None:
        return
    # Beside a bias that is to go, the temperature alone makes up for it in part.
    if not inside and parts.temperature.low > WORTHWHILE * parts.total.value:
        yield _temperature(parts)
    if multi_label and parts.bias.low > WORTHWHILE * parts.total.value:
        yield _class_bias(parts)


def _take_prior_out(prior: PriorInside) -> Suggestion:
    before, after = prior.as_given, prior.adjusted
    return Suggestion(
        "Take the training prior out of the logits",
        f"tau = {prior.tau.value:.2f} of it is inside. Without retraining, on these rows: balanced accuracy "
        f"{before.balanced_accuracy:.1%} -> {after.balanced_accuracy:.1%}, accuracy {before.accuracy:.1%} -> "
        f"{after.accuracy:.1%}, cross entropy {before.nll:.3f} -> {after.nll:.3f} nats",
        f"logits = xent.imbalance.adjust_logits(logits, counts, tau={prior.tau.value:.2f})",
    )


def _train_balanced() -> Suggestion:
    return Suggestion(
        "Or train without it",
        "balanced softmax learns what comes on top of the prior; its logits need no adjustment. "
        "xent.imbalance.undo_adjustment(logits, counts) gives probabilities under the training prior back",
        "criterion = xent.BalancedSoftmaxLoss(counts)",
    )


def _put_prior_back(prior: PriorInside) -> Suggestion:
    return Suggestion(
        "Put the prior back",
        f"tau = {prior.tau.value:.2f}: the logits favour rare classes by more than these rows do. A re-weighted or "
        "balanced loss was meant for balanced rows, or an adjustment was made twice",
        f"logits = xent.imbalance.undo_adjustment(logits, counts, tau={-prior.tau.value:.2f})",
    )


def _temperature(parts: Decomposition) -> Suggestion:
    sure = "too sure" if parts.fitted_temperature > 1 else "not sure enough"
    return Suggestion(
        "Divide the logits by a temperature",
        f"the model is {sure}: {parts.temperature.value:.3f} of {parts.total.value:.3f} nats",
        f"logits = logits / {parts.fitted_temperature:.2f}",
    )


def _class_bias(parts: Decomposition) -> Suggestion:
    return Suggestion(
        "Shift the logits of the classes",
        f"their mean probability is not their frequency: {parts.bias.value:.3f} of {parts.total.value:.3f} nats. After "
        "training with pos_weight, xent.imbalance.undo_pos_weight(logits, pos_weight) does it exactly",
        f"logits = logits / {parts.fitted.temperature:.2f} + bias  # of every class: parts.fitted_bias in results.json",
    )
