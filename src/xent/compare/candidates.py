"""The losses that are compared: how each is built from the class counts, and the code line to copy.

The first is plain cross entropy, which the others are compared with and which is always trained.
"""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

from torch import Tensor, nn

from xent.core.event import Event
from xent.core.logits import LogitTransform
from xent.imbalance import effective_number, inverse_frequency, log_prior
from xent.jobs import InputError
from xent.nn import CrossEntropyLoss

BASELINE = "ce"
COUNTS = "counts = torch.bincount(train_labels)\n"


@dataclass(frozen=True, eq=False)
class Candidate:
    """A loss to compare.

    Attributes:
        name: What ``--losses`` calls it.
        title: What it does, in words.
        source: Paper and year.
        code: Lines to copy, which build the same loss from ``train_labels``.
        criterion: From counts (C,) to the loss module.
        adjustment: From counts (C,) to what is subtracted, (C,), from the logits of the model that plain cross
            entropy trained. Such a candidate needs no training of its own.
    """

    name: str
    title: str
    source: str
    code: str
    criterion: Callable[[Tensor], nn.Module]
    adjustment: Callable[[Tensor], Tensor] | None = None


CANDIDATES = {
    candidate.name: candidate
    for candidate in (
        Candidate(
            name=BASELINE,
            title="plain cross entropy",
            source="torch.nn.CrossEntropyLoss",
            code="criterion = xent.CrossEntropyLoss()",
            criterion=lambda _: CrossEntropyLoss(),
        ),
        Candidate(
            name="weighted",
            title="class weights 1/n",
            source="King & Zeng, 2001",
            code=(
                COUNTS + "weight = xent.imbalance.inverse_frequency(counts)\n"
                "criterion = xent.CrossEntropyLoss(weight=weight)"
            ),
            criterion=lambda counts: CrossEntropyLoss(weight=inverse_frequency(counts)),
        ),
        Candidate(
            name="effective-number",
            title="class weights by the effective number of samples, beta .999",
            source="Cui et al., 2019",
            code=(
                COUNTS + "weight = xent.imbalance.effective_number(counts, beta=0.999)\n"
                "criterion = xent.CrossEntropyLoss(weight=weight)"
            ),
            criterion=lambda counts: CrossEntropyLoss(weight=effective_number(counts, beta=0.999)),
        ),
        Candidate(
            name="label-smoothing",
            title="label smoothing .1",
            source="Szegedy et al., 2016",
            code="criterion = xent.CrossEntropyLoss(label_smoothing=0.1)",
            criterion=lambda _: CrossEntropyLoss(label_smoothing=0.1),
        ),
        Candidate(
            name="focal",
            title="focal loss, gamma 2",
            source="Lin et al., 2017",
            code="criterion = xent.CrossEntropyLoss(event=xent.Event(gamma=2.0))",
            criterion=lambda _: CrossEntropyLoss(event=Event(gamma=2.0)),
        ),
        Candidate(
            name="balanced-softmax",
            title="log-prior added to the logits in training",
            source="Ren et al., 2020",
            code=(
                COUNTS + "offset = xent.imbalance.log_prior(counts)  # in training; predict with the plain logits\n"
                "criterion = xent.CrossEntropyLoss(logits=xent.LogitTransform(offset=offset))"
            ),
            criterion=lambda counts: CrossEntropyLoss(logits=LogitTransform(offset=log_prior(counts))),
        ),
        Candidate(
            name="post-hoc-adjustment",
            title="plain cross entropy; log-prior subtracted from the logits after training",
            source="Menon et al., 2021",
            code=(
                COUNTS + "criterion = xent.CrossEntropyLoss()\n"
                "logits = model(features) - xent.imbalance.log_prior(counts)  # when predicting"
            ),
            criterion=lambda _: CrossEntropyLoss(),
            adjustment=log_prior,
        ),
    )
}


def choose(names: tuple[str, ...]) -> tuple[Candidate, ...]:
    """The candidates of these names and plain cross entropy, each once, in the order of the table.

    Raises:
        InputError: If a name is unknown.
    """
    for name in names:
        if name not in CANDIDATES:
            close = get_close_matches(name, CANDIDATES, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]}? " if close else ""
            raise InputError(f"losses: {name!r} is unknown; {hint}Known: {', '.join(CANDIDATES)}")
    return tuple(c for name, c in CANDIDATES.items() if name == BASELINE or name in names)
