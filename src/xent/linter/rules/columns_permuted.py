"""XE701: the columns of the predictions are in another order than the labels."""

import math

import torch
from torch import Tensor

from xent.linter.assignment import best_columns
from xent.linter.call import Call
from xent.linter.finding import Evidence, Severity
from xent.linter.rule import rule
from xent.linter.statistics import entropy

ROWS = 50

# Cross entropy under the permutation, as a part of the labels' entropy, for up to so many classes and for more: a model
# before training comes down to .57 with 50 classes, as there are many permutations to choose from.
FEW, SMALL_OF_FEW, SMALL = 3, 0.6, 0.4

# Standard errors by which the permutation must be better, on rows that it was not chosen on.
SIGNIFICANT = 6.0


@rule(
    "XE701",
    "columns-permuted",
    Severity.ERROR,
    losses=("predictions",),
    fix="""
    # order[k]: the column that holds class k, for example of names that were sorted in another way
    logits = logits[:, order]
    """,
)
def columns_permuted(call: Call) -> Evidence | None:
    """The columns of the predictions are in another order than the classes of the labels.

    Why:
        Every number that is computed from them is wrong, though the model may be good. Folders are read in
        alphabetical order ("10" before "2"), label encoders sort names, and a model of two classes may have its
        positive class first.

    Told by:
        The cross entropy is above that of always predicting the labels' frequencies; and with another order of the
        columns, the best one for half of the rows, it falls on the other half to less than .4 of that (.6 for two or
        three classes), by six standard errors.
    """
    predicted = call.facts.predicted
    if predicted is None or len(predicted[1]) < ROWS or call.step == 0:
        return None
    log_p, labels = predicted
    own = -log_p.gather(1, labels[:, None]).flatten()
    prior = entropy(torch.bincount(labels).double())
    if float(own.mean()) <= prior:
        return None
    first = _half_of_each_class(labels)
    order = best_columns(log_p[first], labels[first])
    other = -log_p[~first].gather(1, order[labels[~first]][:, None]).flatten()
    gain = own[~first] - other
    error = float(gain.std()) / math.sqrt(len(gain))
    small = SMALL_OF_FEW if log_p.shape[1] <= FEW else SMALL
    if float(other.mean()) > small * prior or float(gain.mean()) < SIGNIFICANT * error:
        return None
    classes = torch.bincount(labels).nonzero().flatten()
    return _evidence(float(own.mean()), float(other.mean()), prior, order[classes], classes)


def _half_of_each_class(labels: Tensor) -> Tensor:
    """Every other row among those of a class; every other of all rows would be some classes only, if they alternate."""
    first = torch.zeros(len(labels), dtype=torch.bool)
    first[labels.argsort(stable=True)[::2]] = True
    return first


def _evidence(own: float, permuted: float, prior: float, columns: Tensor, classes: Tensor) -> Evidence:
    moved = int((columns != classes).sum())
    return Evidence(
        f"the cross entropy is {own:.3g} nats, above the {prior:.3g} of predicting frequencies, and {permuted:.3g} if "
        f"the columns are {_words(columns, classes)}",
        {"cross_entropy": own, "permuted": permuted, "prior": prior, "moved": float(moved)},
    )


def _words(columns: Tensor, classes: Tensor) -> str:
    """The order of the columns, for classes that occur."""
    count = int(max(classes.max(), columns.max())) + 1
    if torch.equal(columns, count - 1 - classes):
        return "reversed"
    by_name = torch.tensor(sorted(range(count), key=str)).argsort()
    if torch.equal(columns, by_name[classes]):
        return "taken as sorted by name (10 before 2)"
    shift = (columns - classes) % count
    if bool((shift == shift[0]).all()):
        return f"shifted by {int(shift[0])}"
    pairs = zip(classes.tolist()[:5], columns.tolist()[:5], strict=True)
    found = ", ".join(f"class {k} in column {j}" for k, j in pairs)
    return f"permuted ({found}{', ...' if len(classes) > 5 else ''})"
