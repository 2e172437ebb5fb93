import pytest
import torch

import xent
from xent.linter.assignment import best_columns, greedy


def case(classes, order, sure=4.0):
    generator = torch.Generator().manual_seed(0)
    target = torch.arange(40 * classes) % classes
    logits = sure * torch.nn.functional.one_hot(target, classes) + torch.randn(
        len(target), classes, generator=generator
    )
    return logits[:, torch.tensor(order)], target


def found(logits, target, **settings):
    return xent.lint(logits, target, loss=None, select=["XE701"], **settings)


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ([3, 2, 1, 0], "reversed"),
        ([3, 0, 1, 2], "shifted by 1"),
        ([1, 0, 3, 2], "permuted (class 0 in column 1, class 1 in column 0, class 2 in column 3, class 3 in column 2)"),
        (sorted(range(12), key=str), "taken as sorted by name (10 before 2)"),
    ],
)
def test_says_which_order(order, words):
    (finding,) = found(*case(len(order), order, sure=6.0))
    assert f"if the columns are {words}" in finding.seen
    assert finding.numbers["moved"] == sum(a != b for a, b in enumerate(order))


def test_the_cross_entropies():
    logits, target = case(4, [3, 2, 1, 0])
    (finding,) = found(logits, target)
    assert finding.numbers["cross_entropy"] == pytest.approx(float(xent.cross_entropy(logits, target)), rel=1e-5)
    # chosen on the first, third, ... row of each class, and judged on the others: labels go 0, 1, 2, 3, 0, ...
    others = torch.arange(160) // 4 % 2 == 1
    judged = xent.cross_entropy(logits.flip(1)[others], target[others])
    assert finding.numbers["permuted"] == pytest.approx(float(judged), rel=1e-5)


def test_near_misses():
    assert not found(*case(4, [0, 1, 2, 3]))
    assert not found(*case(12, [1, 0, *range(2, 12)]))  # most rows are right: below the entropy of the labels
    assert not found(*case(50, list(range(50))[::-1], sure=0.0))  # nothing learned, many permutations
    assert not found(*(part[:40] for part in case(4, [3, 2, 1, 0])))  # few rows
    assert not found(*case(4, [3, 2, 1, 0]), step=0)


def test_without_scipy_the_same_columns():
    logits, target = case(12, sorted(range(12), key=str))
    log_p = logits.double().log_softmax(1)
    sums = torch.zeros(12, 12, dtype=torch.float64).index_add(0, target, log_p)
    assert torch.equal(greedy(sums), best_columns(log_p, target))
