"""``xent audit``: what cross entropy can say of a model from its predictions and labels."""

import os
from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from xent.audit.corrections import corrections_of
from xent.audit.elements import judge_elements
from xent.audit.facts import Sizes, class_facts, loss_facts, sizes
from xent.audit.fit.decomposition import FOLDS, Decomposition, decompose
from xent.audit.fit.prior import PriorInside, prior_inside
from xent.audit.misuse import misuse
from xent.audit.results import Audit, Reliability, Source
from xent.audit.rows import as_logits, judge_rows
from xent.audit.stream import Progress, tally
from xent.audit.suggestions import suggestions_of
from xent.audit.suspects import suspects_of
from xent.audit.tally.sample import Drawn
from xent.linter import choose
from xent.predictions import Batch, Predictions

SUSPECTS = 1000

# Bytes of text from which a second process pays for its start. Other files are read faster than processes start and
# hand over their samples, and what is found in them is found by threads.
WORTH_A_PROCESS = 1 << 28


def audit(
    predictions: Predictions,
    *,
    suspects: int = SUSPECTS,
    processes: int | None = None,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    on_progress: Callable[[Progress], None] | None = None,
) -> Audit:
    """Audit predictions: misuse, loss, its parts, classes, the prior inside, suggestions, suspects.

    The rows are read once, in bounded memory. Loss, shares and reliability are of all rows; the linter and what is
    fitted look at a sample of at most 100,000 rows, which is the same however the rows are read.

    Args:
        predictions: As :func:`xent.predictions.open_predictions` or :func:`xent.predictions.from_tensors` give them.
        suspects: How many suspects to list, at least 1.
        processes: How many processes read; by default one, or one a core for much text in several files. The result is
            the same.
        select: Codes of the linter's rules or their beginnings; all if there is none.
        ignore: Codes or their beginnings to leave out.
        on_progress: Called now and then with the rows so far.

    Raises:
        InputError: A file is damaged, or holds nothing to judge.
        ValueError: An argument outside its domain.

    Example:
        >>> import torch
        >>> from xent.audit import audit
        >>> from xent.predictions import from_tensors
        >>> logits, labels = torch.tensor([[2.0, 0.0], [0.0, 2.0], [2.0, 0.0]]), torch.tensor([0, 1, 1])
        >>> round(audit(from_tensors(logits, labels, kind="logits")).loss.nll, 4)
        0.7936
    """
    if suspects < 1:
        raise ValueError(f"audit: `suspects` must be at least 1, got {suspects}.")
    if processes is not None and processes < 1:
        raise ValueError(f"audit: `processes` must be at least 1, got {processes}.")
    rules = choose(select, ignore)
    total = tally(
        predictions,
        suspects=suspects,
        processes=_processes(predictions) if processes is None else processes,
        on_progress=on_progress,
    )
    size = sizes(total.classes)
    drawn = total.sample.rows()
    names = predictions.names or tuple(str(number) for number in range(predictions.classes))
    reliability = Reliability(total.reliability.rows, total.reliability.true, total.reliability.stated)
    parts, prior = _fits(predictions, drawn)
    bias = None if parts is None else parts.fitted.bias if prior is None else prior.bias
    return Audit(
        source=_source(predictions, size, names, total.unreadable, drawn),
        findings=misuse(predictions, drawn, rules),
        loss=loss_facts(size, reliability, _training_prior(predictions)),
        parts=parts,
        prior=prior,
        classes=class_facts(size, names, predictions.counts, bias),
        reliability=reliability,
        suggestions=tuple(suggestions_of(parts, prior, predictions.multi_label)),
        corrections=corrections_of(predictions.counts, predictions.training_rows, predictions.multi_label),
        suspects=suspects_of(total.suspects, size, names),
    )


def _processes(predictions: Predictions) -> int:
    # What is read faster than processes start is read by one: its threads are enough.
    if predictions.rows is not None:
        return 1
    return max(1, min(os.cpu_count() or 1, predictions.bytes // WORTH_A_PROCESS))


def _fits(predictions: Predictions, drawn: Drawn) -> tuple[Decomposition | None, PriorInside | None]:
    """What is fitted to the rows of the sample that can be judged and whose labels are possible."""
    batch = Batch(drawn.scores, drawn.target, 0)
    if predictions.multi_label:
        elements = judge_elements(batch, predictions.kind)
        logits = elements.logits
        target = elements.positive.to(torch.int8).masked_fill_(~(elements.counted & logits.isfinite()), -1)
        logits = logits.masked_fill(target < 0, 0.0)
    else:
        rows = judge_rows(batch, predictions.kind)
        # Their numbers are their places in the sample.
        logits = as_logits(drawn.scores, predictions.kind)[rows.number]
        usable = logits.isfinite().all(1)
        logits, target = logits[usable], rows.label[usable]
    if len(target) < 2 * FOLDS:
        return None, None
    prior = None if predictions.multi_label or predictions.counts is None else predictions.counts
    return decompose(logits, target), None if prior is None else prior_inside(logits, target, prior)


def _training_prior(predictions: Predictions) -> Tensor | None:
    """Frequency of every class in training."""
    counts = predictions.counts
    if counts is None:
        return None
    rows = predictions.training_rows if predictions.multi_label else float(counts.sum())
    return None if rows is None else counts / rows


def _source(
    predictions: Predictions, size: Sizes, names: tuple[str, ...], unreadable: dict[str, int], drawn: Drawn
) -> Source:
    judged = int(size.rows.sum()) if size.others_right is None else int(size.judged.max())
    return Source(
        paths=predictions.paths,
        rows=judged,
        classes=names,
        multi_label=predictions.multi_label,
        kind=predictions.kind,
        unreadable=dict(unreadable),
        sampled=len(drawn.number),
        training_counts=predictions.counts is not None,
    )
