import torch

import xent


def found(target, classes=3, **settings):
    return xent.lint(torch.zeros(len(target), classes), torch.tensor(target), select=["XE202"], **settings)


def by_hand(logits, target):
    return logits.logsumexp(1).sum() - logits.gather(1, target[:, None]).sum()


def test_the_evidence():
    (finding,) = found([0, 1, 255, 255, -1, 2])
    assert finding.numbers == {"outside": 3.0, "rows": 6.0, "lowest": -1.0, "highest": 255.0, "classes": 3.0}
    assert finding.seen.startswith("3 of 6 labels lie outside 0..2: 2 x 255, 1 x -1; 255 is how segmentation")


def test_many_values_are_not_all_listed():
    (finding,) = found([0, 3, 4, 5, 6, 7])
    assert finding.seen == "5 of 6 labels lie outside 0..2: 1 x 3, 1 x 4, 1 x 5 and 2 more values"


def test_predictions_have_no_default():
    (finding,) = found([0, 1, -100], loss=None)
    assert "pass ignore_index=-100" in finding.seen
    assert not found([0, 1, -100], loss=None, ignore_index=-100)


def test_near_misses():
    assert not found([0, 1, 2])
    assert not found([0, 1, -100])
    assert not found([0, 1, 255], ignore_index=255)
    assert not found([0, 1, 255], mask=torch.tensor([True, True, False]))
    assert not found([1, 2, 3])  # XE201
    assert not found([0, 1], classes=1)  # XE211
    assert not found([0, 255], loss=by_hand)
