import pytest
import torch

import xent


def found(**settings):
    return xent.lint(
        torch.zeros(2, 3),
        torch.zeros(2, 3),
        loss="binary_cross_entropy_with_logits",
        pos_weight=torch.tensor([1.0, 0.0, 0.0]),
        select=["XE307"],
        **settings,
    )


def test_says_how_many_and_which():
    (finding,) = found()
    assert finding.numbers == {"zeros": 2.0, "first": 1.0}


def test_the_negatives_do_push():
    logits = torch.zeros(1, 3, requires_grad=True)
    pos_weight = torch.tensor([1.0, 0.0, 1.0])
    xent.binary_cross_entropy_with_logits(logits, torch.zeros(1, 3), pos_weight=pos_weight).backward()
    assert float(logits.grad[0, 1]) == pytest.approx(1 / 6)  # sigmoid(0) / 3 elements


@pytest.mark.parametrize("name", ["weight", "neg_weight"])
def test_classes_whose_negatives_are_ignored_too(name):
    assert not found(**{name: torch.tensor([1.0, 0.0, 0.0])})
    assert found(**{name: torch.tensor([1.0, 1.0, 0.0])})[0].numbers["zeros"] == 1


def test_classes_that_are_masked():
    assert not found(mask=torch.tensor([True, False, False]).expand(2, 3))
