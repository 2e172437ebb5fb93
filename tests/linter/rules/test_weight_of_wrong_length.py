import pytest
import torch

import xent

BINARY = "binary_cross_entropy_with_logits"


def found(logits, target, **settings):
    return xent.lint(logits, target, select=["XE304"], **settings)


def test_both_lengths_and_where_they_may_come_from():
    (finding,) = found(torch.zeros(4, 5), torch.tensor([0, 3, 3, 4]), weight=torch.ones(3))
    assert finding.seen == (
        "`weight` has shape (3,) where there are 5 classes; as many as labels that occur in this batch, 3"
    )
    (finding,) = found(torch.zeros(4, 5), torch.tensor([0, 2, 2, 3]), weight=torch.ones(4))
    assert finding.seen.endswith("as many as labels up to the largest in this batch, 3")
    assert finding.numbers == {"classes": 5.0, "weights": 4.0}


@pytest.mark.parametrize("shape", [(5,), (1, 5), (4, 1), (4, 5), (1,), ()])
def test_what_broadcasts_fits_binary_losses(shape):
    assert not found(torch.zeros(4, 5), torch.zeros(4, 5), loss=BINARY, weight=torch.ones(shape))


@pytest.mark.parametrize("shape", [(4,), (5, 4), (2, 4, 5)])
def test_what_does_not_broadcast(shape):
    (finding,) = found(torch.zeros(4, 5), torch.zeros(4, 5), loss=BINARY, pos_weight=torch.ones(shape))
    assert f"`pos_weight` has shape {shape}" in finding.seen


def test_the_class_axis_of_images_is_the_second():
    assert not found(torch.zeros(2, 3, 4, 4), torch.zeros(2, 4, 4, dtype=torch.long), weight=torch.ones(3))
    assert found(torch.zeros(2, 3, 4, 4), torch.zeros(2, 4, 4, dtype=torch.long), weight=torch.ones(4))
