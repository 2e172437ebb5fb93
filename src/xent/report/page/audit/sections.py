"""The plots of an audit's page, each under its title with the sentence that says how to read it."""

from collections.abc import Iterator

from xent.audit import Audit, Decomposition, PriorInside
from xent.report.colours import BLUE, GREEN, GREY, VERMILION
from xent.report.page.audit.classes import classes_of, values, which_listed
from xent.report.page.audit.plots.by_class import Line, by_class_plot
from xent.report.page.audit.plots.loss import loss_plot
from xent.report.page.audit.plots.marginals import marginals_plot, on_log_axes
from xent.report.page.audit.plots.parts import parts_plot
from xent.report.page.audit.plots.points import which_drawn
from xent.report.page.audit.plots.prior import prior_plot
from xent.report.page.audit.plots.reliability import NAME as RELIABILITY
from xent.report.page.audit.plots.reliability import reliability_plot
from xent.report.page.audit.words import interval
from xent.report.page.section import Section


def sections(audit: Audit) -> Iterator[Section]:
    """All that the audit has something to show in."""
    yield _loss(audit)
    if audit.parts is not None:
        yield _parts(audit, audit.parts)
    if audit.prior is not None:
        yield _prior(audit, audit.prior)
    yield _shares(audit)
    yield _recall(audit)
    yield _marginals(audit)
    yield _reliability(audit)


def _loss(audit: Audit) -> Section:
    each = "an element" if audit.source.multi_label else "a row"
    reading = (
        f"Mean over {each}. Whoever knows nothing but how frequent the classes are among these rows pays H(Y); what "
        "the predictions save of it is what the model has learned. Perplexity: among so many equally likely answers it "
        "is as hard to choose."
    )
    if audit.loss.training_prior is not None:
        reading += " The frequency of the training, taken for that of these rows, costs more the more the two differ."
    if audit.loss.impossible:
        reading += f" {audit.loss.impossible:,} labels were given probability 0: with them the mean is infinite."
    return Section("loss", "Is it better than knowing nothing?", reading, (loss_plot(audit.loss),))


def _parts(audit: Audit, parts: Decomposition) -> Section:
    return Section(
        "parts",
        "What the cross entropy is made of",
        "Class bias: what predicting some classes too often or too rarely costs, CE(z/T) - CE(z/T + b). Temperature: "
        "what being too sure, or not sure enough, costs, CE(z) - CE(z/T). Refinement: what neither removes, "
        "CE(z/T + b); for that the model has to tell the classes apart better. Each row is judged by a T and a b that "
        f"were fitted to others. The best temperature is {parts.fitted_temperature:.2f} alone and "
        f"{parts.fitted.temperature:.2f} beside a class bias{_fitted_on(audit)}",
        (parts_plot(parts),),
    )


def _fitted_on(audit: Audit) -> str:
    sampled, rows = audit.source.sampled, audit.source.rows
    return f"; fitted to a sample of {sampled:,} rows." if sampled < rows else "."


def _prior(audit: Audit, prior: PriorInside) -> Section:
    return Section(
        "prior",
        "Is the training prior still inside?",
        "Each point is a class: to the right the rare ones, and up what its logit lacks to fit these rows. If the line "
        f"is flat there is nothing to take out. Its slope is tau = {prior.tau.value:.2f} ({interval(prior.tau, 2)}): 1 "
        "if all of the training prior is inside and these rows are in balance, 0 if they come as in training or the "
        f"loss has taken it out. {which_drawn(audit)}",
        (prior_plot(audit, prior),),
    )


def _shares(audit: Audit) -> Section:
    classes = classes_of(audit)
    labels = classes.total(values(audit, lambda one: one.label_share))
    lines = (
        Line("share of the loss", classes.total(values(audit, lambda one: one.loss_share)), VERMILION),
        Line("of the gradient", classes.total(values(audit, lambda one: one.gradient_share)), BLUE),
        Line("of the labels", labels, GREY, "dashed"),
    )
    return Section(
        "shares",
        "Which classes have the loss, and which the gradient",
        "Frequent classes on the left, rare ones on the right. A class above the dashed line costs more than its "
        "number of labels would let expect. The gradient is that which these rows would give, 1 - p each for the "
        f"label.{_neighbours(audit)}",
        (by_class_plot(classes, "share", lines),),
    )


def _recall(audit: Audit) -> Section:
    classes = classes_of(audit)
    lines = (
        Line("recall", classes.mean(values(audit, lambda one: one.recall)), VERMILION),
        Line("precision", classes.mean(values(audit, lambda one: one.precision)), GREEN, "dashed"),
    )
    cut = " Yes is said from a probability of .5 on." if audit.source.multi_label else ""
    return Section(
        "recall",
        "Which classes are found",
        "Recall: of the rows of a class, how many are found. Precision: of those that are said to be of it, how many "
        f"are. Recall that drops to the right gives rare classes up for the frequent.{cut} A class without rows has no "
        f"recall, and one that is never predicted no precision.{_neighbours(audit)}",
        (by_class_plot(classes, "share of the rows", lines, whole=True),),
    )


def _neighbours(audit: Audit) -> str:
    return " Neighbouring classes share a point." if classes_of(audit).grouped else ""


def _marginals(audit: Audit) -> Section:
    logarithmic = on_log_axes(audit)
    axes = " On logarithmic axes, which have no place for a class that never comes." if logarithmic else ""
    return Section(
        "marginals",
        "Are classes predicted as often as they come?",
        "Each point is a class: to the right how frequent its labels are, up the mean probability that it is given. "
        f"Above the dashed line it is predicted too often.{axes} {which_drawn(audit)}",
        (marginals_plot(audit),),
    )


def _reliability(audit: Audit) -> Section:
    if audit.source.multi_label:
        line = "On the dashed line, 80 of 100 answers that are given a probability of 80% are yes."
        sides = "Below it yes is stated with too much probability, above it with too little."
    else:
        line = "On the dashed line, a model that is 80% sure is right in 80 of 100 rows."
        sides = "Below it the model is too sure of itself, above it too modest."
    return Section(
        RELIABILITY,
        "Can the probabilities be believed?",
        f"{line} {sides} The larger a point, the more answers; the grey lines are 95% intervals. The mean distance to "
        f"the line, the calibration error, is {audit.loss.calibration_error:.3f}. {which_listed(audit)}",
        (reliability_plot(audit),),
    )
