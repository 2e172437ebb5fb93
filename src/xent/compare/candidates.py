"""The losses that are compared: every row of the catalogue, and what is no row of it.

The first of each task is the plain loss, which the others are compared with and which is always trained.
"""

from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches

import torch
from torch import Tensor, nn

from xent.catalog import ROWS, Row
from xent.compare.candidate import Candidate
from xent.compare.models import COSINE_SCALE
from xent.compare.task import Task
from xent.core.logits import LogitTransform
from xent.imbalance import ClassCounts, effective_number, log_prior
from xent.jobs import InputError
from xent.nn import CrossEntropyLoss
from xent.presets import BalancedSoftmaxLoss, DeferredReweighting

BASELINE: dict[Task, str] = {"single-label": "ce", "multi-label": "bce"}

# What is compared unless somebody asks for other losses.
DEFAULTS: dict[Task, tuple[str, ...]] = {
    "single-label": (
        "ce",
        "label-smoothing",
        "focal",
        "inverse-frequency",
        "class-balanced",
        "balanced-softmax",
        "post-hoc-adjustment",
    ),
    "multi-label": ("bce", "bce-pos-weight", "sigmoid-focal", "asl", "distribution-balanced", "zlpr"),
}
ALL = "all"

# Former names, which still work.
RENAMED = {"weighted": "inverse-frequency", "effective-number": "class-balanced"}

COUNTS: dict[Task, str] = {
    "single-label": "counts = xent.imbalance.class_counts(train_labels)\n",
    "multi-label": "counts = xent.imbalance.class_counts(train_labels, multi_label=True)\n",
}
NORMALISED = "  # of cosines: let the model's last layer be xent.NormalizedLinear"
# The catalogue has a loss that tests can repeat; with its default gamma, equalization draws rows, and trains.
TRAINED_WITH_DEFAULT = {"equalization": {"gamma"}}
# The weights come when four fifths of the training are over; 160 of 200 epochs in the paper.
DEFERRED = 0.8


def choose(names: tuple[str, ...] | None, task: Task) -> tuple[Candidate, ...]:
    """The candidates of these names and the plain loss, each once, in the order of the table.

    Args:
        names: Names, former names, or ``all``; None for the defaults.
        task: What they are to be losses for.

    Raises:
        InputError: A name is unknown, or is that of a loss for the other task.
    """
    of_task = {name: candidate for name, candidate in CANDIDATES.items() if candidate.task == task}
    if names is None:
        names = DEFAULTS[task]
    check_names(names)
    wanted = {RENAMED.get(name, name) for name in names}
    for name in wanted - {ALL}:
        if name not in of_task:
            raise InputError(
                f"losses: {name} is for {CANDIDATES[name].task} data, and these are {task}; give some of "
                f"{', '.join(of_task)}"
            )
    kept = set(of_task) if ALL in wanted else {BASELINE[task], *wanted}
    return tuple(candidate for name, candidate in of_task.items() if name in kept)


def check_names(names: tuple[str, ...]) -> None:
    """Refuse a name that is none of a candidate."""
    for name in names:
        if name not in CANDIDATES and name not in RENAMED and name != ALL:
            close = get_close_matches(name, CANDIDATES, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]}? " if close else ""
            raise InputError(f"losses: {name!r} is unknown; {hint}Known: {', '.join(CANDIDATES)}, {ALL}")


def _rows() -> Iterator[Candidate]:
    for row in ROWS.values():
        # What a teacher makes of the rows is no target that a file has.
        if row.target == "target":
            yield _ON_COSINES_OR_CAPPED.get(row.name, _of_row)(row)


def _of_row(row: Row) -> Candidate:
    task: Task = "single-label" if row.link == "softmax" else "multi-label"
    # How many rows were counted is known to ClassCounts; in the table it is an example.
    left_out = {"total"} | TRAINED_WITH_DEFAULT.get(row.name, set())
    arguments = {name: value for name, value in row.arguments.items() if name not in left_out}
    trained = replace(row, arguments=arguments)

    def criterion(counts: ClassCounts, _: int) -> nn.Module:
        return row.module(**trained.settings(counts))

    return Candidate(
        name=row.name,
        title=row.title,
        source=row.cited,
        task=task,
        code=(COUNTS[task] if row.takes_counts else "") + trained.code(),
        criterion=criterion,
    )


def _ldam(row: Row) -> Candidate:
    plain, scale = _of_row(row), row.default("scale")
    return replace(
        plain,
        title=f"{row.title}, on a normalised last layer",
        code=plain.code + NORMALISED,
        cosines=True,
        prediction=lambda cosines: cosines * scale,
    )


def _softcap(row: Row) -> Candidate:
    plain, cap = _of_row(row), row.arguments["logits"].softcap
    return replace(
        plain,
        code=f"{plain.code}\nlogits = {cap} * torch.tanh(model(features) / {cap})  # when predicting",
        prediction=lambda logits: cap * torch.tanh(logits / cap),
    )


_ON_COSINES_OR_CAPPED = {"ldam": _ldam, "softcap": _softcap}


def _deferred(counts: ClassCounts, epochs: int) -> nn.Module:
    return DeferredReweighting(CrossEntropyLoss(), start=round(DEFERRED * epochs), weight=effective_number(counts))


def _balanced_cosines(counts: ClassCounts, _: int) -> nn.Module:
    return BalancedSoftmaxLoss(counts, logits=LogitTransform(scale=COSINE_SCALE))


def _scaled_cosines(cosines: Tensor) -> Tensor:
    return cosines * COSINE_SCALE


_NO_ROWS = (
    Candidate(
        name="post-hoc-adjustment",
        title="plain cross entropy; log-prior subtracted from the logits after training",
        source="Menon et al., 2021",
        task="single-label",
        code=(
            COUNTS["single-label"] + "criterion = xent.CrossEntropyLoss()\n"
            "logits = xent.imbalance.adjust_logits(model(features), counts)  # when predicting"
        ),
        criterion=lambda *_: CrossEntropyLoss(),
        adjustment=log_prior,
    ),
    Candidate(
        name="deferred-reweighting",
        title="cross entropy, with class-balanced weights in the last fifth of the epochs",
        source="Cao et al., 2019",
        task="single-label",
        code=(
            COUNTS["single-label"] + "weight = xent.imbalance.effective_number(counts)\n"
            f"start = round({DEFERRED} * epochs)  # and criterion.step() after each epoch\n"
            "criterion = xent.DeferredReweighting(xent.CrossEntropyLoss(), start=start, weight=weight)"
        ),
        criterion=_deferred,
    ),
    Candidate(
        name="cosine-balanced-softmax",
        title="balanced softmax, on a normalised last layer",
        source="Ren et al., 2020",
        task="single-label",
        code=(
            COUNTS["single-label"] + f"scale = xent.LogitTransform(scale={COSINE_SCALE})\n"
            f"criterion = xent.BalancedSoftmaxLoss(counts, logits=scale){NORMALISED}"
        ),
        criterion=_balanced_cosines,
        cosines=True,
        prediction=_scaled_cosines,
    ),
)


CANDIDATES: dict[str, Candidate] = {candidate.name: candidate for candidate in (*_rows(), *_NO_ROWS)}
