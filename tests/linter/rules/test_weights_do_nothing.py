import pytest
import torch

import xent


def found(logits, target, **settings):
    return xent.lint(logits, target, select=["XE301"], **settings)


def test_a_batch_of_one_row_says_what_its_weight_would_have_been():
    weight = torch.tensor([1.0, 3.0])
    (finding,) = found(torch.zeros(1, 2), torch.tensor([1]), weight=weight)
    assert finding.numbers == {"weight": 3.0, "rows": 1.0, "multiplier": 1.0}
    assert "its weight 3, 1.5 times the mean weight" in finding.seen  # 3 / ((1 + 3) / 2)
    logits = torch.randn(1, 2, generator=torch.Generator().manual_seed(0))
    plain = xent.cross_entropy(logits, torch.tensor([1]))
    assert xent.cross_entropy(logits, torch.tensor([1]), weight=weight) == pytest.approx(float(plain))


def test_equal_weights():
    (finding,) = found(torch.zeros(3, 2), torch.tensor([0, 1, 1]), weight=torch.tensor([0.25, 0.25]))
    assert finding.numbers == {"weight": 0.25, "multiplier": 1.0}
    assert not found(torch.zeros(3, 2), torch.tensor([0, 1, 1]), weight=torch.ones(2))


def test_a_batch_of_one_label_proves_something_only_with_counts():
    logits, target, weight = torch.zeros(16, 2), torch.ones(16, dtype=torch.long), torch.tensor([1.0, 9.0])
    assert not found(logits, target, weight=weight)
    assert not found(logits, target, weight=weight, counts=[1, 9])  # .9^16 = .19
    assert found(logits, target, weight=weight, counts=[9, 1])  # 2 * .1^16


@pytest.mark.parametrize("settings", [{"reduction": "sum"}, {"normalizer": 32.0}, {"label_smoothing": 0.1}])
def test_weights_that_do_something(settings):
    weight = torch.tensor([1.0, 3.0])
    assert not found(torch.zeros(1, 2), torch.tensor([1]), weight=weight, **settings)


def test_two_classes_in_a_batch():
    assert not found(torch.zeros(2, 2), torch.tensor([0, 1]), weight=torch.tensor([1.0, 3.0]))
