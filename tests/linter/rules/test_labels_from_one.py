import torch

import xent


def found(classes, target, **settings):
    return xent.lint(torch.zeros(len(target), classes), torch.tensor(target), select=["XE201"], **settings)


def test_the_evidence():
    (finding,) = found(2, [1, 2] * 5)
    assert finding.numbers == {"lowest": 1.0, "highest": 2.0, "classes": 2.0, "rows": 10.0}
    assert not finding.probable
    assert finding.seen == "10 labels lie in 1..2, and none is 0, where C = 2 classes are 0..1"


def test_few_rows_are_probable():
    (finding,) = found(5, [5, 1, 3])
    assert finding.probable


def test_rows_that_are_left_out_do_not_matter():
    assert found(3, [1, 2, 3, -100])
    assert found(3, [1, 2, 3, 0], sample_weight=torch.tensor([1.0, 1.0, 1.0, 0.0]))


def test_near_misses():
    assert not found(3, [0, 1, 2])
    assert not found(3, [1, 2, 1])
    assert not found(3, [0, 1, 2, 3])
    assert not found(3, [1, 2, 4])
    assert not found(3, [1, 2, 3], ignore_index=3)
    assert not found(1, [1, 1])
    assert not found(3, [])
