import torch

import xent


def found(target, pos_weight):
    return xent.lint(
        torch.zeros(target.shape),
        target,
        loss="binary_cross_entropy_with_logits",
        pos_weight=pos_weight,
        select=["XE308"],
    )


def squares():
    """(16, 4, 3, 4): one over 1 + the weight of the elements of a class is positive, in any column."""
    draw = torch.rand(16, 4, 3, 4, generator=torch.Generator().manual_seed(1))
    return (draw < torch.tensor([1 / 2, 1 / 4, 1 / 8, 1 / 20])[:, None, None]).float()


def test_as_many_columns_as_classes():
    (finding,) = found(squares(), torch.tensor([1.0, 3.0, 7.0, 19.0]))
    assert finding.probable
    assert -1.3 < finding.numbers["along_second"] < -0.7  # the weights are one over the odds
    assert abs(finding.numbers["along_last"]) < 0.3


def test_another_number_of_columns_is_certain():
    (finding,) = found(torch.zeros(2, 4, 3, 5), torch.ones(4))
    assert not finding.probable
    assert "`pos_weight` has 4 numbers, as the second axis of the input (2, 4, 3, 5)" in finding.seen


def three_classes():
    """(64, 3, 5, 3): the odds of the classes are 1, 1/4 and 1/16, in any column."""
    draw = torch.rand(64, 3, 5, 3, generator=torch.Generator().manual_seed(2))
    return (draw < torch.tensor([1 / 2, 1 / 5, 1 / 17])[:, None, None]).float()


def test_three_classes_must_have_their_inverse_odds():
    weight = torch.tensor([1.0, 4.0, 16.0])
    assert found(three_classes(), weight)
    assert not found(three_classes(), weight[:, None, None])
    assert not found(three_classes().movedim(1, -1)[:, :3].contiguous(), weight)  # classes last
    assert not found(three_classes(), weight.sqrt() / 2)
    assert not found(three_classes(), weight.flip(0))
    assert not found(three_classes()[:2], weight)  # 30 elements a class, some 2 of them positive


def test_near_misses():
    weight = torch.tensor([1.0, 3.0, 7.0, 19.0])
    assert not found(squares(), weight[:, None, None])
    assert not found(squares().movedim(1, -1).contiguous(), weight)  # (2, 3, 4, 4), classes last
    assert not found(squares().transpose(1, 3).contiguous(), weight)  # classes last, and as many rows of pixels
    assert not found(squares(), torch.ones(4))
    assert not found(squares()[:, :, 0, 0], weight)
