"""The traits that the table claims of the named losses hold."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tests.catalog_rows import (
    BATCH,
    CLASSES,
    CORE,
    COUNTS,
    assert_same,
    function,
    logits,
    target_of,
    value_and_gradient,
)
from xent.catalog import ROWS, Row, Trait


def expected_loss(row: Row, input: Tensor, truth: Tensor) -> Tensor:
    """The expectation of the loss, given the probability of every class.

    Args:
        row: Which loss.
        input: Logits of shape (N, C).
        truth: Probabilities of shape (N, C): of the label being the class, or of the class being there.
    """
    loss = function(row)
    if row.link == "softmax":
        rows = [loss(input, torch.full((len(input),), label), reduction="none") for label in range(input.shape[1])]
        return (truth * torch.stack(rows, 1)).sum()
    positive, negative = (loss(input, torch.full_like(input, side), reduction="none") for side in (1.0, 0.0))
    return (truth * positive + (1 - truth) * negative).sum()


def assert_minimised(row: Row, input: Tensor, truth: Tensor) -> None:
    """No gradient there, and whoever goes elsewhere goes up."""
    least, gradient = value_and_gradient(lambda z: expected_loss(row, z, truth), input)
    assert gradient.abs().max() < 1e-10, gradient
    for seed in range(5):
        step = logits(scale=0.3, seed=seed)[: len(input)]
        assert expected_loss(row, input + step, truth) > least


def probabilities(row: Row) -> Tensor:
    """A truth for each row."""
    return logits(scale=1.0, seed=3).softmax(1) if row.link == "softmax" else logits(scale=1.0, seed=3).sigmoid()


def as_logits(row: Row, truth: Tensor) -> Tensor:
    return truth.log() if row.link == "softmax" else truth.logit()


def frequencies() -> Tensor:
    """Of the classes in training, as one row."""
    return (COUNTS / COUNTS.sum())[None]


def proper(row: Row) -> None:
    assert_minimised(row, as_logits(row, probabilities(row)), probabilities(row))


def prior(row: Row) -> None:
    assert_minimised(row, as_logits(row, frequencies()), frequencies())


def uniform(row: Row) -> None:
    assert_minimised(row, torch.zeros(1, CLASSES, dtype=torch.float64), frequencies())


def bounded(row: Row) -> None:
    for scale in (0.1, 1.0, 5.0, 20.0):
        for seed in range(5):
            arguments = logits(scale, seed=seed), target_of(row)
            _, gradient = value_and_gradient(function(row), *arguments, reduction="sum")
            _, plain = value_and_gradient(CORE[row.link], *arguments, reduction="sum")
            assert (gradient.norm(dim=1) <= plain.norm(dim=1) * (1 + 1e-12)).all()


def plain_for_equal_counts(row: Row) -> None:
    equal, arguments = torch.full((CLASSES,), 20.0, dtype=torch.float64), (logits(), target_of(row))
    found = value_and_gradient(function(row, equal), *arguments)
    assert_same(found, value_and_gradient(CORE[row.link], *arguments))


def shift_invariant(row: Row) -> None:
    constants = torch.linspace(-3, 4, BATCH, dtype=torch.float64)[:, None]
    shifted = value_and_gradient(function(row), logits() + constants, target_of(row), reduction="none")
    assert_same(shifted, value_and_gradient(function(row), logits(), target_of(row), reduction="none"))


def equivariant(row: Row) -> None:
    """Class k becomes class position[k]."""
    order = torch.tensor([2, 0, 3, 1])
    position = order.argsort()
    target = target_of(row)
    target = target[:, order] if target.ndim == 2 else position[target]
    value, gradient = value_and_gradient(function(row, COUNTS[order]), logits()[:, order], target)
    expected, expected_gradient = value_and_gradient(function(row), logits(), target_of(row))
    assert_same((value, gradient), (expected, expected_gradient[:, order]))


# The other two are looked at where gradients and soft targets are.
CHECKS: dict[Trait, Callable[[Row], None]] = {
    Trait.PROPER: proper,
    Trait.PRIOR: prior,
    Trait.UNIFORM: uniform,
    Trait.BOUNDED: bounded,
    Trait.PLAIN_FOR_EQUAL_COUNTS: plain_for_equal_counts,
    Trait.SHIFT_INVARIANT: shift_invariant,
    Trait.EQUIVARIANT: equivariant,
}
CLAIMS = [
    pytest.param(row, trait, id=f"{row.name}-{trait.name.lower()}")
    for row in ROWS.values()
    for trait in CHECKS
    if trait in row.traits
]


@pytest.mark.parametrize(("row", "trait"), CLAIMS)
def test_a_trait_that_is_claimed_holds(row: Row, trait: Trait) -> None:
    CHECKS[trait](row)


# A loss without the trait, for each.
WITHOUT = {
    Trait.PROPER: ROWS["focal"],
    Trait.PRIOR: ROWS["focal"],
    Trait.UNIFORM: ROWS["ce"],
    Trait.BOUNDED: ROWS["poly1"],
    Trait.PLAIN_FOR_EQUAL_COUNTS: ROWS["focal"],
    Trait.SHIFT_INVARIANT: ROWS["z-loss"],
    Trait.EQUIVARIANT: replace(ROWS["ce"], arguments={"weight": COUNTS}),
}


@pytest.mark.parametrize("trait", CHECKS)
def test_a_trait_is_claimed_by_some_and_does_not_hold_for_all(trait: Trait) -> None:
    assert any(trait in row.traits for row in ROWS.values())
    with pytest.raises(AssertionError):
        CHECKS[trait](WITHOUT[trait])
